"""Index a folder of photos and search it by words and place.

Usage: python search_photos.py FOLDER WORDS [LAT,LON]

The collection is kept beside the folder, so that the next run only reads what is new.
"""

import sys
from pathlib import Path

import placelens as pl


def open_or_create(path: Path) -> pl.Collection:
    try:
        return pl.Collection.open(path)
    except pl.CollectionNotFoundError:
        return pl.Collection.create(path, encoder="lite")


def main(folder: str, words: str, near: str | None = None) -> None:
    source = Path(folder).expanduser().resolve()
    photos = open_or_create(source.with_name(source.name + ".pl"))
    report = photos.add(pl.read_photos(source))
    print(f"{report.n_added} added, {report.n_unchanged} unchanged, {len(report.skipped)} skipped")
    for skipped in report.skipped:
        print(f"  {skipped.key}: {skipped.reason}")

    hits = photos.search(words, near=near, decay="gauss:25km", k=5)
    print(hits)
    for hit in hits[:1]:
        for term in hit.terms:
            print(f"  {term.kind} {term.label!r}: {term.weight:.2f} x {term.value:.3f}")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
