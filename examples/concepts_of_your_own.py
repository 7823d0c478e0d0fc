"""Teach a collection your own words, and see in each hit which of them it shares with the query.

Usage: python concepts_of_your_own.py
"""

import csv
import tempfile
from pathlib import Path

import placelens as pl

NOTES = {
    "mountain": (
        ("a ridge of rock and snow above the glacier", 45.98, 7.66),
        ("steep alpine meadows under a granite wall", 46.41, 11.84),
        ("a summit cross in the clouds", 47.42, 10.98),
        ("switchbacks up to a windy pass", 46.53, 10.45),
        ("a hut beside a small lake, peaks all around", 47.06, 12.69),
        ("fresh snow on the north face", 46.58, 8.01),
        ("the valley far below the cable car", 45.92, 6.87),
        ("marmots on a scree slope", 46.97, 11.01),
        ("climbers on the last pitch of the ridge", 46.02, 7.75),
        ("a high pasture with cows and bells", 47.25, 9.34),
    ),
    "coast": (
        ("a sandy beach with dunes and grass", 53.71, 7.16),
        ("cliffs over the breaking waves", 52.97, -9.43),
        ("fishing boats in a small harbour", 43.21, 2.24),
        ("a lighthouse on a rocky island", 48.46, -5.10),
        ("turquoise water in a quiet bay", 39.94, 4.11),
        ("mud flats at low tide", 54.14, 8.85),
        ("gulls above the ferry", 55.03, 8.44),
        ("shells and seaweed along the shore", 50.09, -5.54),
        ("a pier that leads far out to sea", 53.11, 4.79),
        ("sailing boats off the cape", 43.69, 7.34),
    ),
    "city": (
        ("trams in a narrow street of old houses", 38.71, -9.13),
        ("office towers by night", 50.11, 8.68),
        ("a market square with a town hall", 50.06, 19.94),
        ("crowds below the station clock", 47.38, 8.54),
        ("a bridge with statues over the river", 50.09, 14.41),
        ("cafés on a boulevard in the rain", 48.87, 2.33),
        ("traffic lights and taxis at a crossing", 51.51, -0.13),
        ("a cathedral between shops", 50.94, 6.96),
        ("street musicians in the old town", 41.38, 2.18),
        ("an arcade with bookshops", 44.49, 11.34),
    ),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "notes.csv"
        with table.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(("text", "kind", "lat", "lon"))
            for kind, notes in NOTES.items():
                writer.writerows((text, kind, lat, lon) for text, lat, lon in notes)
        notes = pl.Collection.create(Path(folder) / "notes.pl")
        notes.add(pl.read_table(table))

        report = notes.train_cosmat("kind")
        print(f"{report.dim} concepts in {report.seconds:.1f} s, on notes held out: {report.maps}")

        concepts = pl.Collection.open(report.path)
        hits = concepts.search("surfers in front of high waves", near="Brest, France", k=3)
        print(hits)
        print(hits.explain(1))


if __name__ == "__main__":
    main()
