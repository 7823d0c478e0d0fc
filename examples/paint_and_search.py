"""Paint what is to be seen and where, and see the ten photos of a collection that show it most.

    placelens index ~/Pictures --to photos.pl --features class_map
    python examples/paint_and_search.py photos.pl paintings.jpg

Each row is a painting of a few boxes, and the first ten photos. Nothing is read of the photos but
what the collection keeps of them.
"""

import io
import sys

from PIL import Image, ImageDraw

import placelens as pl

# Boxes as left, top, right, bottom in shares of the picture, painted one over the other.
PAINTINGS = {
    "a street between houses": [
        ("sky", (0.3, 0.0, 0.7, 0.4)),
        ("building", (0.0, 0.0, 0.3, 0.7)),
        ("building", (0.7, 0.0, 1.0, 0.7)),
        ("road", (0.1, 0.7, 0.9, 1.0)),
    ],
    "the sea below the sky": [
        ("sky", (0.0, 0.0, 1.0, 0.5)),
        ("water", (0.0, 0.5, 1.0, 1.0)),
    ],
    "a tower": [
        ("sky", (0.0, 0.0, 1.0, 0.9)),
        ("building", (0.4, 0.1, 0.6, 1.0)),
    ],
    "a meadow": [
        ("sky", (0.0, 0.0, 1.0, 0.4)),
        ("vegetation", (0.0, 0.4, 1.0, 1.0)),
    ],
    "a car on the left": [
        ("road", (0.0, 0.7, 1.0, 1.0)),
        ("car", (0.05, 0.45, 0.55, 0.85)),
    ],
}
SIDE, ROWS, COLUMNS, FIRST = 120, 28, 28, 10


def painted(boxes, palette):
    """A picture in the colours of a collection's palette; white may be anything."""
    colour_of = dict(zip(palette.classes, palette.colours, strict=True))
    picture = Image.new("RGB", (COLUMNS, ROWS), "white")
    draw = ImageDraw.Draw(picture)
    for name, (left, top, right, bottom) in boxes:
        box = (left * COLUMNS, top * ROWS, right * COLUMNS - 1, bottom * ROWS - 1)
        draw.rectangle(box, fill=colour_of[name])
    return picture


def main(path, out):
    photos = pl.Collection.open(path)
    sheet = Image.new("RGB", ((FIRST + 1) * (SIDE + 6), len(PAINTINGS) * (SIDE + 6)), "white")
    for row, (title, boxes) in enumerate(PAINTINGS.items()):
        picture = painted(boxes, photos.palette)
        hits = photos.sketch(picture, k=FIRST)
        print(f"{title}: {', '.join(hit.item.title for hit in hits[:3])}")
        shown = [picture.resize((SIDE, SIDE), Image.Resampling.NEAREST)]
        for hit in hits:
            thumbnail = Image.open(io.BytesIO(photos.thumbnail(hit.id))).convert("RGB")
            shown.append(thumbnail.resize((SIDE, SIDE)))  # squashed, as class maps are
        for column, image in enumerate(shown):
            sheet.paste(image, (column * (SIDE + 6) + 3, row * (SIDE + 6) + 3))
    sheet.save(out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
