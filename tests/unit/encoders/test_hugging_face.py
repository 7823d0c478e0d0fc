"""Tiny CLIP, SigLIP and SigLIP 2 models on disk go through the same loading as real ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from placelens.encoders import Encoder, load_encoder
from placelens.encoders.base import Answerability, Calibration
from placelens.encoders.fits import Fits, save_fits
from placelens.errors import EncoderError
from placelens.testing.encoder_contract import EncoderContract

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TEXT = {
    "vocab_size": 12,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 16,
}
VISION = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 32,
    "patch_size": 8,
}
PREPARATION = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4]}
SQUASH = PREPARATION | {"size": {"height": 32, "width": 32}}
CROP = PREPARATION | {
    "do_center_crop": True,
    "size": {"shortest_edge": 32},
    "crop_size": {"height": 32, "width": 32},
}
WORDS = ["<pad>", "<unk>", "<bos>", "<eos>", "a", "red", "roof", "boat", "lake", "word"]


def build(kind: str):
    if kind == "clip":
        special = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
        config = transformers.CLIPConfig(
            text_config=TEXT | special, vision_config=VISION, projection_dim=24
        )
        return transformers.CLIPModel(config)
    if kind == "siglip":
        config = transformers.SiglipConfig(text_config=TEXT, vision_config=VISION)
        return transformers.SiglipModel(config)
    config = transformers.Siglip2Config(
        text_config=TEXT, vision_config=VISION | {"num_patches": 16}
    )
    return transformers.Siglip2Model(config)


def save(kind: str, folder: Path) -> Path:
    """A random model with a word tokenizer, as save_pretrained writes them."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    torch.manual_seed(0)
    build(kind).save_pretrained(folder)
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", special_tokens=[("<bos>", 2), ("<eos>", 3)]
    )
    names = ["input_ids", "attention_mask"] if kind == "clip" else ["input_ids"]
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", unk_token="<unk>", model_input_names=names
    ).save_pretrained(folder)
    settings = CROP if kind == "clip" else SQUASH
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder


@pytest.fixture(scope="module", params=["clip", "siglip", "siglip2"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(request.param, tmp_path_factory.mktemp("hub") / request.param)


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return load_encoder(f"hf:{folder}")


class TestContract(EncoderContract):
    pass


def test_facts(encoder: Encoder, folder: Path) -> None:
    assert encoder.name == f"hf:{folder}"
    assert encoder.dim == (24 if folder.name == "clip" else 32)
    assert encoder.image_spec is not None
    assert encoder.image_spec.size == 32
    assert encoder.image_spec.fit == ("crop" if folder.name == "clip" else "squash")


def test_what_a_user_calibrated_is_found_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACELENS_HOME", str(tmp_path))
    before = load_encoder(f"hf:{folder}")
    assert not before.calibrations
    pair = ("text", "image")
    fits = Fits(
        calibrations={pair: Calibration(slope=9, intercept=-2)},
        answerabilities={pair: Answerability(slope=1, size_slope=0, intercept=0, largest=50)},
    )
    save_fits(before.fingerprint, fits)
    after = load_encoder(f"hf:{folder}")
    assert after.calibrations == fits.calibrations
    assert after.answerabilities == fits.answerabilities
    assert after.fingerprint == before.fingerprint


def test_image_vectors_are_the_models_own(encoder: Encoder, folder: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    normalised = (pixels / 255.0 - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]
    model = transformers.AutoModel.from_pretrained(folder).eval()
    if folder.name == "siglip2":
        # Sixteen patches of 8 x 8 x 3 values, row by row, written out as a plain loop.
        patches = np.stack(
            [
                [
                    image[8 * row : 8 * row + 8, 8 * column : 8 * column + 8].ravel()
                    for row in range(4)
                    for column in range(4)
                ]
                for image in normalised
            ]
        )
        inputs = {
            "pixel_values": torch.tensor(patches, dtype=torch.float32),
            "pixel_attention_mask": torch.ones(2, 16, dtype=torch.int64),
            "spatial_shapes": torch.tensor([[4, 4], [4, 4]]),
        }
    else:
        chw = np.ascontiguousarray(normalised.transpose(0, 3, 1, 2))
        inputs = {"pixel_values": torch.tensor(chw, dtype=torch.float32)}
    with torch.inference_mode():
        output = model.get_image_features(**inputs)
    features = getattr(output, "pooler_output", output).numpy()
    expected = features / np.linalg.norm(features, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.encode_images(pixels), expected, atol=2e-5)


def test_fingerprint_follows_the_content_not_the_path(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "moved"))
    original = load_encoder(f"hf:{folder}").fingerprint
    assert load_encoder(f"hf:{copy}").fingerprint == original
    settings = json.loads((copy / "preprocessor_config.json").read_text())
    settings["image_mean"] = [0.1, 0.1, 0.1]
    (copy / "preprocessor_config.json").write_text(json.dumps(settings))
    assert load_encoder(f"hf:{copy}").fingerprint != original


def test_a_folder_that_says_nothing_of_images_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "bare"))
    (copy / "preprocessor_config.json").unlink()
    with pytest.raises(EncoderError, match="nowhere how images are prepared"):
        load_encoder(f"hf:{copy}")


def test_settings_of_transformers_5_are_read(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "five"))
    old = copy / "preprocessor_config.json"
    settings = json.loads(old.read_text())
    (copy / "processor_config.json").write_text(json.dumps({"image_processor": settings}))
    old.unlink()
    fingerprint = load_encoder(f"hf:{copy}").fingerprint
    assert fingerprint == load_encoder(f"hf:{folder}").fingerprint


def test_images_that_are_not_square_are_refused(tmp_path: Path) -> None:
    folder = save("siglip", tmp_path / "wide")
    settings = PREPARATION | {"size": {"height": 32, "width": 48}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    with pytest.raises(EncoderError, match="squares only"):
        load_encoder(f"hf:{folder}")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="save_pretrained"):
        load_encoder(f"hf:{tmp_path}")


def test_a_model_of_texts_only_is_refused(tmp_path: Path) -> None:
    folder = save("siglip", tmp_path / "bert")
    config = transformers.BertConfig(
        vocab_size=12,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    transformers.BertModel(config).save_pretrained(folder)
    with pytest.raises(EncoderError, match="BertModel, which does not put"):
        load_encoder(f"hf:{folder}")
