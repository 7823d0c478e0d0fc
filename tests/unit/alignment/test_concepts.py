"""What a search keeps of fitted concepts says the same as the estimators, and survives a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from placelens.alignment import CoSMat, SemanticMatching, concepts_of
from placelens.encoders.concept_map import ConceptMap
from placelens.errors import InputError, ReadError


@pytest.fixture(scope="module", params=[2, 3], ids=["2 concepts", "3 concepts"])
def pairs(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.repeat(["church", "harbour", "town"][: request.param], 30)
    codes = np.unique(y, return_inverse=True)[1]
    images = rng.normal(size=(3, 6))[codes] + rng.normal(size=(len(y), 6))
    texts = 5 * rng.normal(size=(3, 4))[codes] + rng.normal(size=(len(y), 4)) + 3
    return images, texts, y


@pytest.mark.parametrize("centre", [True, False])
@pytest.mark.parametrize("kind", [SemanticMatching, CoSMat])
def test_two_affine_maps_are_the_whole_estimator(
    kind: type[SemanticMatching], centre: bool, pairs: tuple, tmp_path: Path
) -> None:
    images, texts, y = pairs
    fitted = kind(**({"n_components": 3} if kind is CoSMat else {}), centre=centre)
    fitted.fit(images, texts, y)
    concepts_of(fitted).save(tmp_path / "concepts.npz")
    concepts = ConceptMap.load(tmp_path / "concepts.npz")
    assert concepts.names == tuple(np.unique(y))
    np.testing.assert_allclose(concepts.image.posteriors(images), fitted.transform_image(images))
    np.testing.assert_allclose(concepts.text.posteriors(texts), fitted.transform_text(texts))
    a, b = concepts.image.vectors(images), concepts.text.vectors(texts)
    np.testing.assert_allclose(a @ b.T, fitted.embed_image(images) @ fitted.embed_text(texts).T)
    np.testing.assert_allclose(ConceptMap.shared(a[0], b[0]).sum(), a[0] @ b[0])
    (best,) = concepts.top(concepts.image, images[:1], k=2)
    assert best[0][1] >= best[1][1] > 0
    assert best[0][0] == fitted.classes_[fitted.transform_image(images[:1]).argmax()]


def test_what_is_no_file_of_concepts_is_named(pairs: tuple, tmp_path: Path) -> None:
    path = tmp_path / "concepts.npz"
    with pytest.raises(ReadError, match="cannot be read as concepts"):
        ConceptMap.load(path)
    path.write_bytes(b"no arrays")
    with pytest.raises(ReadError, match="cannot be read as concepts"):
        ConceptMap.load(path)
    np.savez(path, format=99)
    with pytest.raises(ReadError, match="newer placelens"):
        ConceptMap.load(path)
    np.savez(path, format=1)
    with pytest.raises(ReadError, match="cannot be read as concepts"):
        ConceptMap.load(path)
    concepts = concepts_of(SemanticMatching().fit(*pairs))
    with pytest.raises(InputError, match="read from 6 features, got 4"):
        concepts.image.posteriors(pairs[1])
