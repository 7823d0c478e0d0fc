"""Ask ten questions, and see of the best hit of each which words are which part of the picture.

    placelens index ~/Pictures --to photos.pl --features regions
    python examples/explain_hits.py photos.pl explained.jpg

Another list of questions may be given, one a line: python examples/explain_hits.py photos.pl
explained.jpg questions.txt
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

import placelens as pl
from placelens.export.explained import explained_picture

QUESTIONS = [
    "a lighthouse on a cliff",
    "boats in a bay",
    "a wooden staircase between trees",
    "waves on yellow sand",
    "a red flower",
    "a waterfall over rocks",
    "a bridge over a river",
    "a sign beside a path",
    "people on a beach",
    "a white house behind a fence",
]
COLUMNS, WIDTH, HEIGHT, LINE = 5, 300, 330, 16


def main(path, out, *questions):
    photos = pl.Collection.open(path)
    asked = Path(questions[0]).read_text().splitlines() if questions else QUESTIONS
    rows = -(-len(asked) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * WIDTH, rows * HEIGHT), "white")
    draw = ImageDraw.Draw(sheet)
    for at, words in enumerate(asked):
        hits = photos.search(words, k=1, parse=False)
        if not hits:
            continue
        why = hits.explain(1)
        print(f"{words}: {why.hit.item.title}")
        picture = explained_picture(why)
        picture.thumbnail((WIDTH - 8, HEIGHT - LINE - 8))
        left, top = at % COLUMNS * WIDTH, at // COLUMNS * HEIGHT
        draw.text((left + 4, top + 2), f"{at + 1}. {words}", fill="black")
        sheet.paste(picture, (left + 4, top + LINE + 2))
    sheet.save(out, quality=82)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
