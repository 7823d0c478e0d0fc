"""A hit's picture with what speaks for it drawn in, and said below."""

from __future__ import annotations

import unicodedata

from PIL import Image, ImageDraw, ImageFont

from placelens.errors import InputError
from placelens.export.evidence import Explanation, colours_of
from placelens.readers.pictures import read_picture
from placelens.types import Evidence

_WIDTH, _MARGIN, _LINE, _FRAME = 640, 8, 22, 4
_FONT_SIZE = 15


def explained_picture(explanation: Explanation) -> Image.Image:
    """The item's thumbnail, enlarged, with a frame around each part, and a legend of them.

    Raises
    ------
    InputError
        If the hit has no picture.

    Examples
    --------
    >>> import io
    >>> from placelens.types import Hit, Item
    >>> out = io.BytesIO()
    >>> Image.new("RGB", (60, 40)).save(out, "JPEG")
    >>> hit = Hit(rank=1, id="a", score=0.4, terms=(), distance_m=None, matched="image",
    ...           item=Item(id="a", width=600, height=400))
    >>> boat = Evidence(kind="phrase", label="boat", share=0.7, span=(0, 4), box=(0, 0, 300, 200))
    >>> explained_picture(Explanation(hit=hit, evidence=(boat,), thumbnail=out.getvalue())).size
    (640, 479)
    """
    item = explanation.hit.item
    if explanation.thumbnail is None:
        raise InputError(f"hit {explanation.hit.rank} has no picture to draw on")
    photo = read_picture(explanation.thumbnail).image.convert("RGB")
    height = round(photo.height * _WIDTH / photo.width)
    colours = colours_of(explanation.evidence)
    told = [
        (entry, colour)
        for entry, colour in zip(explanation.evidence, colours, strict=True)
        if entry.share is not None
    ]
    sheet = Image.new("RGB", (_WIDTH, height + _LINE * (len(told) + 1) + _MARGIN), "white")
    sheet.paste(photo.resize((_WIDTH, height), Image.Resampling.LANCZOS))
    draw = ImageDraw.Draw(sheet)
    drawn: set[tuple[object, str]] = set()  # words that stand for two terms are in one place
    for order, (entry, colour) in enumerate(told):
        is_new = (entry.box, colour) not in drawn
        drawn.add((entry.box, colour))
        if entry.box is not None and is_new and item.width and item.height:
            scales = (_WIDTH / item.width, height / item.height) * 2
            box = [round(edge * scale) for edge, scale in zip(entry.box, scales, strict=True)]
            # A little smaller each, so that boxes of one place are all seen.
            inset = min(order * (_FRAME + 1), (min(box[2] - box[0], box[3] - box[1]) - 2) // 2)
            inner = (box[0] + inset, box[1] + inset, box[2] - 1 - inset, box[3] - 1 - inset)
            draw.rectangle(inner, outline=colour, width=_FRAME)
    font = ImageFont.load_default(_FONT_SIZE)
    score = "" if explanation.hit.score is None else f"  {explanation.hit.score:.3f}"
    heading = f"{explanation.hit.rank}. {_plain(item.title)}"[:70]
    draw.text((_MARGIN, height + 4), heading + score, fill="black", font=font)
    for line, (entry, colour) in enumerate(told, start=1):
        top = height + _LINE * line + 4
        draw.rectangle((_MARGIN, top + 2, _MARGIN + 12, top + 14), fill=colour)
        draw.text((_MARGIN + 20, top), _told(entry), fill="black", font=font)
    return sheet


def _told(entry: Evidence) -> str:
    gives = "" if entry.contribution is None else f"   {entry.contribution:+.3f}"
    return f"{_plain(entry.label)[:60]}   {entry.share:.0%}{gives}"


def _plain(text: str) -> str:
    """Without accents and other scripts, which the font that Pillow brings has no letters for."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
