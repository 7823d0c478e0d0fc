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
from placelens.encoders.parts import CLASS_MAP, IMAGE, PARTS, REGIONS
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

    def short_texts(self, encoder: Encoder) -> list[str]:
        """Return texts without the far too long one, which takes longer than all others together:
        for what holds at any length."""
        return self.texts(encoder)[:-1]

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
        texts = self.short_texts(encoder)
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
        texts = self.short_texts(encoder)
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
        texts = self.short_texts(encoder)
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
        assert encoder.class_map_source(classes) == "zero-shot"
        maps = encoder.encode_class_maps(images, classes)
        assert maps.shape == (2, *encoder.grid, 3)
        np.testing.assert_allclose(maps.sum(axis=-1), 1, atol=1e-5)
        with pytest.raises(EncoderError, match="at least one class"):
            encoder.encode_class_maps(images, [])

    def parts(self, encoder: Encoder, name: str) -> None:
        """Skip unless the encoder gives such a part of an image."""
        self.spec(encoder)
        if name not in encoder.parts:
            pytest.skip(f"{encoder.name} gives no {name}")

    def test_parts_are_of_the_shapes_that_it_says(self, encoder: Encoder) -> None:
        images = self.images(encoder)
        for n in (len(images), 0):
            made = encoder.encode_parts(images[:n], encoder.parts)
            assert tuple(made) == encoder.parts
            grid, class_grid = encoder.grid or (), encoder.class_grid or ()
            k = encoder.region_code.n_components if encoder.region_code is not None else 0
            shapes: dict[str, tuple[int, ...]] = {
                IMAGE: (n, encoder.dim),
                REGIONS: (n, *grid, k),
                CLASS_MAP: (n, *class_grid, len(encoder.class_names)),
            }
            for name, array in made.items():
                assert array.shape == shapes[name], name
                assert array.dtype == (np.float32 if name == IMAGE else np.uint8), name

    def test_one_pass_gives_what_a_pass_for_each_gives(self, encoder: Encoder) -> None:
        images = self.images(encoder)
        together = encoder.encode_parts(images, encoder.parts)
        for name in encoder.parts:
            alone = encoder.encode_parts(images, [name])
            assert list(alone) == [name]
            np.testing.assert_array_equal(alone[name], together[name])
        np.testing.assert_array_equal(together[IMAGE], encoder.encode_images(images))

    def test_parts_that_it_does_not_give_are_refused(self, encoder: Encoder) -> None:
        images = self.images(encoder)
        for name in set(PARTS) - set(encoder.parts):
            with pytest.raises(EncoderError, match=rf"gives no .*\({name}\); it gives: image"):
                encoder.encode_parts(images, [name])
        for wrong in ([], ["smell"], [IMAGE, IMAGE]):
            with pytest.raises(EncoderError, match="different ones of image, regions, class_map"):
                encoder.encode_parts(images, wrong)

    def test_kept_regions_are_those_it_gives_up_to_the_code(self, encoder: Encoder) -> None:
        self.parts(encoder, REGIONS)
        code, images = encoder.region_code, self.images(encoder)
        assert code is not None
        assert code.dim == encoder.dim
        codes = encoder.encode_parts(images, [REGIONS])[REGIONS]
        np.testing.assert_array_equal(codes, code.encode(encoder.encode_regions(images).regions))
        # What was lost is lost once: the code of what it gives back is the same.
        np.testing.assert_array_equal(code.encode(code.decode(codes)), codes)

    def test_class_maps_of_its_own_are_shares_of_255(self, encoder: Encoder) -> None:
        self.parts(encoder, CLASS_MAP)
        images = self.images(encoder)
        assert len(set(encoder.class_names)) == len(encoder.class_names)
        stored = encoder.encode_parts(images, [CLASS_MAP])[CLASS_MAP]
        assert stored.sum(axis=-1, dtype=np.int64).max() <= 255
        alone = [encoder.encode_parts(image[None], [CLASS_MAP])[CLASS_MAP] for image in images]
        # A probability beside another byte may be rounded to that.
        difference = stored.astype(np.int16) - np.concatenate(alone)
        assert np.abs(difference).max() <= 1

    def test_class_maps_of_its_own_classes_come_from_its_head(self, encoder: Encoder) -> None:
        self.parts(encoder, CLASS_MAP)
        images, classes = self.images(encoder), list(encoder.class_names[::-1])
        assert encoder.class_map_source(classes) == "head"
        maps = encoder.encode_class_maps(images, classes)
        assert encoder.class_grid is not None
        assert maps.shape == (len(images), *encoder.class_grid, len(classes))
        np.testing.assert_allclose(maps.sum(axis=-1), 1, atol=1e-5)
        stored = encoder.encode_parts(images, [CLASS_MAP])[CLASS_MAP][..., ::-1]
        is_there = stored.any(axis=-1)
        np.testing.assert_array_equal(maps.argmax(-1)[is_there], stored.argmax(-1)[is_there])
        assert encoder.class_map_source([*classes, "a thing of no class"]) == "zero-shot"

    def test_several_threads_at_once_get_the_same_parts(self, encoder: Encoder) -> None:
        images = self.images(encoder)
        expected = encoder.encode_parts(images, encoder.parts)
        with ThreadPoolExecutor(4) as pool:
            for made in pool.map(lambda _: encoder.encode_parts(images, encoder.parts), range(8)):
                for name, array in made.items():
                    within = 1 if array.dtype == np.uint8 else self.tolerance
                    difference = array.astype(np.float64) - expected[name]
                    assert np.abs(difference).max() <= within

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
