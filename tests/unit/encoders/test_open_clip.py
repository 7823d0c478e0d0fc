"""A tiny random OpenCLIP model on disk goes through the same loading as a real one."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from placelens.encoders import Encoder, load_encoder
from placelens.errors import EncoderError
from placelens.testing.encoder_contract import EncoderContract

torch = pytest.importorskip("torch")

MODEL = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
    "text_cfg": {
        "context_length": 16,
        "vocab_size": 49408,
        "width": 32,
        "heads": 2,
        "layers": 2,
    },
}
PREPARATION = {
    "size": [32, 32],
    "mode": "RGB",
    "mean": [0.5, 0.4, 0.3],
    "std": [0.2, 0.3, 0.4],
    "interpolation": "bicubic",
    "resize_mode": "squash",
    "fill_color": 0,
}
# Everything that OpenCLIP imports of torchvision: preparations, which placelens does itself.
TORCHVISION = {
    "torchvision": (),
    "torchvision.transforms": (
        "Normalize", "Compose", "RandomResizedCrop", "InterpolationMode", "ToTensor", "Resize",
        "CenterCrop", "ColorJitter", "Grayscale",
    ),
    "torchvision.transforms.functional": (),
    "torchvision.ops": (),
    "torchvision.ops.misc": ("FrozenBatchNorm2d",),
}  # fmt: skip


def stand_in_for_torchvision(patch: pytest.MonkeyPatch) -> None:
    """Classes without content: torchvision has no build for every torch, and is not called."""
    for name, members in TORCHVISION.items():
        module: Any = ModuleType(name)
        module.__spec__ = ModuleSpec(name, loader=None)
        for member in members:
            setattr(
                module, member, type(member, (), {"BICUBIC": "bicubic", "BILINEAR": "bilinear"})
            )
        patch.setitem(sys.modules, name, module)
        parent, _, child = name.rpartition(".")
        if parent:
            patch.setattr(sys.modules[parent], child, module, raising=False)


@pytest.fixture(scope="module")
def open_clip() -> Iterator[ModuleType]:
    pytest.importorskip("ftfy")
    if importlib.util.find_spec("open_clip") is None:
        pytest.skip("could not import 'open_clip'")
    with pytest.MonkeyPatch.context() as patch:
        if importlib.util.find_spec("torchvision") is None:
            # transformers looks for torchvision once, and must not take the stand-in for it.
            pytest.importorskip("transformers").utils.is_torchvision_available()
            stand_in_for_torchvision(patch)
        yield importlib.import_module("open_clip")
        for name in [name for name in sys.modules if name.split(".")[0] == "open_clip"]:
            del sys.modules[name]


@pytest.fixture(scope="module")
def folder(open_clip: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Configuration and weights in the layout of OpenCLIP's hub repositories."""
    folder = tmp_path_factory.mktemp("open_clip")
    torch.manual_seed(0)
    model = open_clip.model.CLIP(**MODEL)
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    settings = {"model_cfg": MODEL, "preprocess_cfg": PREPARATION}
    (folder / "open_clip_config.json").write_text(json.dumps(settings))
    return folder


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return load_encoder(f"open_clip:{folder}")


class TestContract(EncoderContract):
    pass


def test_facts(encoder: Encoder) -> None:
    assert encoder.dim == 24
    assert encoder.image_spec is not None
    assert (encoder.image_spec.size, encoder.image_spec.fit) == (32, "squash")
    assert encoder.fingerprint.startswith("open_clip:")


def test_image_vectors_are_the_models_own(
    encoder: Encoder, folder: Path, open_clip: ModuleType
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    normalised = (pixels / 255.0 - PREPARATION["mean"]) / PREPARATION["std"]
    model = open_clip.model.CLIP(**MODEL).eval()
    model.load_state_dict(torch.load(folder / "open_clip_pytorch_model.bin", weights_only=True))
    with torch.inference_mode():
        images = torch.tensor(normalised.transpose(0, 3, 1, 2), dtype=torch.float32)
        expected = model.encode_image(images, normalize=True).numpy()
    np.testing.assert_allclose(encoder.encode_images(pixels), expected, atol=2e-5)


def test_a_known_model_with_a_file_of_weights(
    encoder: Encoder, folder: Path, open_clip: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "tiny-test.json").write_text(json.dumps(MODEL))
    open_clip.add_model_config(tmp_path)
    weights = folder / "open_clip_pytorch_model.bin"
    loaded = load_encoder(f"open_clip:tiny-test/{weights}")
    # The same weights; the preparation is OpenCLIP's default (shorter side, centre cut out).
    texts = ["a red roof", "a boat on a lake"]
    np.testing.assert_allclose(loaded.encode_texts(texts), encoder.encode_texts(texts), atol=1e-6)
    assert loaded.image_spec is not None
    assert loaded.image_spec.fit == "crop"
    assert loaded.fingerprint != encoder.fingerprint


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("ViT-Z-1/openai", "no model 'ViT-Z-1' in OpenCLIP"),
        ("ViT-B-32", "names no weights"),
        ("ViT-B-32/no-such-tag", "cannot be loaded"),
    ],
)
def test_what_cannot_be_loaded_says_what_to_write(
    open_clip: ModuleType, argument: str, message: str
) -> None:
    with pytest.raises(EncoderError, match=message):
        load_encoder(f"open_clip:{argument}")
