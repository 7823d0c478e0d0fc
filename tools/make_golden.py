"""Write tests/formats/data/v2.zip: a small collection in format 2, once, before its release.

    python tools/make_golden.py

Never run it again for a released format: the file shows that old collections stay readable. How
v1.zip was made, the history of this file tells.
"""

import datetime
import tempfile
import zipfile
from pathlib import Path

import numpy as np

import placelens as pl
from placelens.storage.manifest import Hub
from placelens.storage.rows import Row, table_from_rows
from placelens.testing.fakes import HashEncoder
from placelens.types import Areas, Feature

OUT = Path(__file__).parent.parent / "tests" / "formats" / "data" / "v2.zip"

with tempfile.TemporaryDirectory() as temporary:
    folder = Path(temporary) / "v2.pl"
    encoder = HashEncoder(dim=8)
    collection = pl.Collection.create(folder, encoder=encoder)
    collection.add_vectors(
        ["boat", "hill"],
        encoder.encode_texts(["a red boat", "a green hill"]),
        text=["a red boat", "a green hill"],
        modality="text",
        lat=[10.5, None],
        lon=[-179.25, None],
        place_radius_m=[12.5, None],
        time=[datetime.datetime(2019, 5, 1, 12, tzinfo=datetime.UTC), None],
        attributes=[{"rating": 3, "city": "Łódź"}, {"rating": 4.5, "flag": True}],
    )
    collection.snapshot("both")  # before there were more features
    collection.delete(["hill"])
    table = collection._table
    more = [
        Feature(name="parts", kind="vectors", length=8, space=encoder.fingerprint),
        Feature(name="painted", kind="map", length=6, shape=(2, 3)),
        Feature(name="image_hubness", kind="number", fingerprint=encoder.fingerprint),
    ]
    vectors = np.eye(8, dtype=np.float32)
    row = Row(
        item=pl.Item(id="image", image="/photos/a.jpg", width=400, height=300),
        features={
            "image": vectors[0],
            "parts": Areas(vectors[1:3], np.array([[0, 0, 9, 9], [5, 5, 400, 300]], np.int32)),
            "painted": np.arange(6, dtype=np.uint8).reshape(2, 3),
            "image_hubness": 0.25,
        },
    )
    with table.writing():
        table.add_features(more, {("text", "image"): Hub(0.5, 10.0, -4.0)})
        table.append(table_from_rows([row], [table.next_iid()], table.manifest))
    collection.refresh()
    proposal = collection.propose(
        "image", pl.Place(lat=50.25, lon=14.5), radius_m=250, confidence=0.75, evidence="a tower"
    )
    collection.accept(proposal.id)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(OUT, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.name != "write.lock":
                archive.write(file, file.relative_to(folder.parent))
