"""Write tests/formats/data/v1.zip: a small collection in format 1, once, before its release.

    python tools/make_golden.py

Never run it again for a released format: the file shows that old collections stay readable.
"""

import datetime
import tempfile
import zipfile
from pathlib import Path

import numpy as np

import placelens as pl
from placelens.testing.fakes import HashEncoder

OUT = Path(__file__).parent.parent / "tests" / "formats" / "data" / "v1.zip"

with tempfile.TemporaryDirectory() as temporary:
    folder = Path(temporary) / "v1.pl"
    encoder = HashEncoder(dim=8)
    collection = pl.Collection.create(folder, encoder=encoder)
    collection.add_vectors(
        ["boat", "hill"],
        encoder.encode_texts(["a red boat", "a green hill"]),
        text=["a red boat", "a green hill"],
        modality="text",
        lat=[10.5, None],
        lon=[-179.25, None],
        time=[datetime.datetime(2019, 5, 1, 12, tzinfo=datetime.UTC), None],
        attributes=[{"rating": 3, "city": "Łódź"}, {"rating": 4.5, "flag": True}],
    )
    collection.snapshot("both")
    collection.delete(["hill"])
    collection.add_vectors(["image"], np.eye(8)[:1], modality="image", image=["/photos/a.jpg"])
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(OUT, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.name != "write.lock":
                archive.write(file, file.relative_to(folder.parent))
