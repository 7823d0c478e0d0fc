"""The suite that every encoder passes; an encoder's author inherits it in a test module.

::

    @pytest.fixture(scope="module")
    def encoder() -> Encoder:
        return MyEncoder()

    class TestMine(EncoderContract):
        pass

``placelens.testing`` needs pytest, which placelens itself does not install.
"""

# ruff: noqa: D102 - a test's name is its sentence

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from placelens.encoders.base import Encoder
from placelens.errors import EncoderError
from placelens.types import ImageSpec, UInt8Array

# Of different lengths on purpose: padding a batch must not change a vector.
TEXTS = (
    "a red roof",
    "",
    "a boat on a lake below snowy mountains, seen from the shore on a clear morning in winter",
    "Kostel svatého Mikuláše 聖ミクラーシュ教会 🙂",
    "word " * 600,
)


class EncoderContract:
    """Inherit, and give an ``encoder`` fixture; each test skips what the encoder does not take.

    Attributes
    ----------
    tolerance : largest accepted difference of a coordinate when the same input comes in another
        batch. Floating-point sums may be ordered differently, so it is not zero; a quantisation
        range shared by a batch is far above it.
    """

    tolerance = 2e-5

    def spec(self, encoder: Encoder) -> ImageSpec:
        """Return the encoder's image_spec, or skip."""
        if encoder.image_spec is None:
            pytest.skip(f"{encoder.name} takes no images")
        return encoder.image_spec

    def images(self, encoder: Encoder, n: int = 5) -> UInt8Array:
        """Return n prepared images: black, white, then blocky noise from a fixed seed."""
        size = self.spec(encoder).size
        blocks = np.random.default_rng(7).integers(0, 256, (n, 4, 4, 3), dtype=np.uint8)
        repeat = -(-size // 4)
        images = np.repeat(np.repeat(blocks, repeat, axis=1), repeat, axis=2)[:, :size, :size]
        images[0], images[1 % n] = 0, 255
        return np.ascontiguousarray(images)

    def texts(self, encoder: Encoder) -> list[str]:
        """Return texts: short, empty, long, not English, far too long; or skip."""
        if not encoder.takes_text:
            pytest.skip(f"{encoder.name} takes no texts")
        return list(TEXTS)

    def test_describes_itself(self, encoder: Encoder) -> None:
        assert encoder.name
        assert encoder.fingerprint
        assert encoder.dim > 0
        assert encoder.takes_text or encoder.image_spec is not None
        assert {"size_bytes", "licence", "languages"} <= set(encoder.info)

    def test_calibrations_increase_within_0_and_1(self, encoder: Encoder) -> None:
        for calibration in encoder.calibrations.values():
            values = calibration(np.linspace(-1, 1, 21))
            assert np.all(np.diff(values) > 0)
            assert values.min() >= 0
            assert values.max() <= 1

    def test_hub_pools_hold_unit_vectors_and_have_calibrations(self, encoder: Encoder) -> None:
        for kinds, pool in encoder.hub_pools.items():
            assert pool.vectors.shape[1] == encoder.dim
            np.testing.assert_allclose(np.linalg.norm(pool.vectors, axis=1), 1.0, atol=1e-5)
            assert (kinds in encoder.hub_calibrations) == (kinds in encoder.calibrations)
        assert set(encoder.hub_calibrations) <= set(encoder.hub_pools)
        assert set(encoder.hub_answerabilities) <= set(encoder.hub_calibrations)

    def test_image_vectors_are_unit_float32(self, encoder: Encoder) -> None:
        vectors = encoder.encode_images(self.images(encoder))
        assert vectors.shape == (5, encoder.dim)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)

    def test_text_vectors_are_unit_float32(self, encoder: Encoder) -> None:
        vectors = encoder.encode_texts(self.texts(encoder))
        assert vectors.shape == (len(TEXTS), encoder.dim)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)

    def test_no_images_give_no_vectors(self, encoder: Encoder) -> None:
        size = self.spec(encoder).size
        vectors = encoder.encode_images(np.empty((0, size, size, 3), dtype=np.uint8))
        assert vectors.shape == (0, encoder.dim)
        assert vectors.dtype == np.float32

    def test_no_texts_give_no_vectors(self, encoder: Encoder) -> None:
        self.texts(encoder)
        vectors = encoder.encode_texts([])
        assert vectors.shape == (0, encoder.dim)
        assert vectors.dtype == np.float32

    def test_same_input_gives_the_same_vectors(self, encoder: Encoder) -> None:
        images = self.images(encoder)
        np.testing.assert_array_equal(encoder.encode_images(images), encoder.encode_images(images))

    def test_same_texts_give_the_same_vectors(self, encoder: Encoder) -> None:
        texts = self.texts(encoder)
        np.testing.assert_array_equal(encoder.encode_texts(texts), encoder.encode_texts(texts))

    def test_an_image_does_not_depend_on_its_batch(self, encoder: Encoder) -> None:
        images = self.images(encoder)
        together = encoder.encode_images(images)
        alone = np.concatenate([encoder.encode_images(image[None]) for image in images])
        np.testing.assert_allclose(together, alone, atol=self.tolerance)

    def test_a_text_does_not_depend_on_its_batch(self, encoder: Encoder) -> None:
        texts = self.texts(encoder)
        together = encoder.encode_texts(texts)
        alone = np.concatenate([encoder.encode_texts([text]) for text in texts])
        np.testing.assert_allclose(together, alone, atol=self.tolerance)

    def test_order_of_the_vectors_is_that_of_the_input(self, encoder: Encoder) -> None:
        texts = self.texts(encoder)
        np.testing.assert_allclose(
            encoder.encode_texts(texts[::-1])[::-1],
            encoder.encode_texts(texts),
            atol=self.tolerance,
        )

    def test_different_inputs_give_different_vectors(self, encoder: Encoder) -> None:
        vectors = encoder.encode_images(self.images(encoder))
        cosines = (vectors @ vectors.T)[np.triu_indices(5, 1)]
        assert cosines.max() < 1 - 1e-6

    def test_several_threads_at_once_get_the_same_vectors(self, encoder: Encoder) -> None:
        images = self.images(encoder)
        expected = encoder.encode_images(images)
        with ThreadPoolExecutor(4) as pool:
            for vectors in pool.map(encoder.encode_images, [images] * 8):
                np.testing.assert_allclose(vectors, expected, atol=self.tolerance)

    def test_several_threads_at_once_get_the_same_text_vectors(self, encoder: Encoder) -> None:
        texts = self.texts(encoder)
        expected = encoder.encode_texts(texts)
        with ThreadPoolExecutor(4) as pool:
            for vectors in pool.map(encoder.encode_texts, [texts] * 8):
                np.testing.assert_allclose(vectors, expected, atol=self.tolerance)

    def test_regions_sum_to_the_image(self, encoder: Encoder) -> None:
        images = self.images(encoder)
        if encoder.grid is None:
            with pytest.raises(EncoderError, match="gives no regions"):
                encoder.encode_regions(images)
            return
        found = encoder.encode_regions(images)
        assert found.regions.shape == (len(images), *encoder.grid, encoder.dim)
        assert found.regions.dtype == np.float32
        np.testing.assert_allclose(found.vectors, encoder.encode_images(images), atol=1e-6)
        np.testing.assert_allclose(found.regions.sum(axis=(1, 2)), found.vectors, atol=1e-4)

    def test_class_maps_are_probabilities(self, encoder: Encoder) -> None:
        images = self.images(encoder, 2)
        if encoder.grid is None:
            return
        classes = self.texts(encoder)[:3]
        maps = encoder.encode_class_maps(images, classes)
        assert maps.shape == (2, *encoder.grid, 3)
        np.testing.assert_allclose(maps.sum(axis=-1), 1, atol=1e-5)
        with pytest.raises(EncoderError, match="at least one class"):
            encoder.encode_class_maps(images, [])

    def test_phrases_sum_to_the_text(self, encoder: Encoder) -> None:
        texts = self.texts(encoder)
        try:
            found = encoder.encode_phrases(texts)
        except EncoderError as error:
            assert "gives no phrases" in str(error)  # noqa: PT017 - some do, some do not
            return
        vectors = encoder.encode_texts(texts)
        for text, vector, parts in zip(texts, vectors, found, strict=True):
            assert parts.phrases.shape == (len(parts.spans), encoder.dim)
            assert all(text[start:end].strip() for start, end in parts.spans)
            np.testing.assert_allclose(parts.vector, vector, atol=self.tolerance)
            total = parts.phrases.sum(axis=0) + parts.rest
            np.testing.assert_allclose(total, vector, atol=1e-4)

    @pytest.mark.parametrize("wrong", ["size", "dtype", "dimensions", "list"])
    def test_wrong_images_are_refused(self, encoder: Encoder, wrong: str) -> None:
        images = self.images(encoder)
        bad = {
            "size": images[:, :-1],
            "dtype": images.astype(np.float32),
            "dimensions": images[0],
            "list": list(images),
        }[wrong]
        with pytest.raises(EncoderError, match="takes images as an array"):
            encoder.encode_images(bad)

    def test_one_str_is_refused(self, encoder: Encoder) -> None:
        self.texts(encoder)
        with pytest.raises(EncoderError, match="a sequence of texts"):
            encoder.encode_texts("a red roof")

    def test_what_is_not_a_str_is_refused(self, encoder: Encoder) -> None:
        self.texts(encoder)
        with pytest.raises(EncoderError, match="at position 1"):
            encoder.encode_texts(["a red roof", None])  # type: ignore[list-item]
