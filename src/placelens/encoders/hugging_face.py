"""CLIP, SigLIP and SigLIP 2 of Hugging Face, from the hub or a local folder.

Images are prepared by placelens, by what the model's ``preprocessor_config.json`` says, so
neither torchvision nor an image processor is needed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from placelens.encoders.hub import TorchEncoder, not_here
from placelens.errors import EncoderError, MissingExtraError
from placelens.types import ImageSpec


class HuggingFaceEncoder(TorchEncoder):
    """A model with ``get_image_features`` and ``get_text_features``; make one with ``load``."""

    def __init__(self, *, tokenizer: Any, **options: Any) -> None:
        self._tokenizer = tokenizer
        # A model that takes patches of any aspect ratio gets a square of as many.
        config = options["model"].config
        self._patch = config.vision_config.patch_size if config.model_type == "siglip2" else None
        self._max_tokens = config.text_config.max_position_embeddings
        super().__init__(**options)

    @classmethod
    def load(cls, source: str, *, allow_download: bool = True) -> HuggingFaceEncoder:
        """Load a hub id (downloaded once, then cached) or a folder that ``save_pretrained`` wrote.

        Code that comes with a model is never run.

        Raises
        ------
        MissingExtraError
            If torch or transformers cannot be imported.
        EncoderError
            If the model cannot be had, or has no image and text features.
        """
        try:
            import torch  # noqa: F401 - transformers imports without it, and fails later
            from transformers import AutoModel, AutoTokenizer
        except ImportError as error:
            raise MissingExtraError(f"encoder hf:{source}", "hub") from error
        folder = Path(source).expanduser()
        where = str(folder) if folder.is_dir() else source
        try:
            safely = {"trust_remote_code": False, "local_files_only": not allow_download}
            model = AutoModel.from_pretrained(where, **safely)
            tokenizer = AutoTokenizer.from_pretrained(where, **safely)
            preparation = _read_preparation(where, allow_download=allow_download)
        except (OSError, ValueError, KeyError) as error:
            if not allow_download and not folder.is_dir():
                raise not_here(f"hf:{source}") from error
            raise EncoderError(
                f"encoder hf:{source} cannot be loaded: {error}; give a hub id such as "
                "google/siglip2-base-patch16-224, or a folder that save_pretrained wrote"
            ) from error
        if not (hasattr(model, "get_image_features") and hasattr(model, "get_text_features")):
            raise EncoderError(
                f"encoder hf:{source} is a {type(model).__name__}, which does not put images "
                "and texts into one space; use a CLIP, SigLIP or SigLIP 2 model"
            )
        return cls(
            name=f"hf:{source}",
            model=model,
            tokenizer=tokenizer,
            image_spec=_image_spec(preparation, model.config),
            mean=preparation["image_mean"],
            std=preparation["image_std"],
            languages="depends on the model; SigLIP 2 knows many, most others English only",
        )

    def _tokenize(self, texts: list[str]) -> Mapping[str, Any]:
        """Padded to full length: SigLIP was trained so, and a batch then changes nothing."""
        tokens = self._tokenizer(
            texts,
            padding="max_length",
            truncation=True,
            max_length=self._max_tokens,
            return_tensors="pt",
        )
        wanted = {"input_ids", "attention_mask"} & set(self._tokenizer.model_input_names)
        return {key: tokens[key].to(self._device) for key in sorted(wanted)}

    def _text_features(self, texts: list[str]) -> Any:
        return _tensor(self._model.get_text_features(**self._tokenize(texts)))

    def _image_features(self, pixels: Any) -> Any:
        if self._patch is None:
            return _tensor(self._model.get_image_features(pixel_values=pixels))
        n, channels, height, width = pixels.shape
        rows, columns = height // self._patch, width // self._patch
        patches = (
            pixels.reshape(n, channels, rows, self._patch, columns, self._patch)
            .permute(0, 2, 4, 3, 5, 1)
            .reshape(n, rows * columns, self._patch**2 * channels)
        )
        torch = self._torch
        return _tensor(
            self._model.get_image_features(
                pixel_values=patches,
                pixel_attention_mask=torch.ones(n, rows * columns, dtype=torch.int64).to(
                    pixels.device
                ),
                spatial_shapes=torch.tensor([[rows, columns]] * n, device=pixels.device),
            )
        )


def _tensor(features: Any) -> Any:
    """The features; transformers 5 wraps what 4 gave as it is."""
    return getattr(features, "pooler_output", features)


def _read_preparation(where: str, *, allow_download: bool) -> Mapping[str, Any]:
    """The image processor's settings, from the file of transformers 4 or of 5."""
    from transformers.utils import cached_file

    for name in ("preprocessor_config.json", "processor_config.json"):
        path = cached_file(
            where,
            name,
            local_files_only=not allow_download,
            _raise_exceptions_for_missing_entries=False,
        )
        if path is not None:
            settings: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
            settings = settings.get("image_processor", settings)
            if "image_mean" in settings:
                return settings
    raise ValueError("it says nowhere how images are prepared (preprocessor_config.json)")


def _image_spec(preparation: Mapping[str, Any], config: Any) -> ImageSpec:
    """The square that the model wants: cut out, or squashed."""
    if config.model_type == "siglip2":
        vision = config.vision_config
        return ImageSpec(size=vision.patch_size * math.isqrt(vision.num_patches), fit="squash")
    cropped = preparation.get("do_center_crop", False)
    size = preparation["crop_size"] if cropped else preparation["size"]
    if isinstance(size, int):
        size = {"height": size, "width": size}
    if size.get("height") is None or size.get("height") != size.get("width"):
        raise EncoderError(f"the model wants images of {size}; placelens prepares squares only")
    return ImageSpec(size=size["height"], fit="crop" if cropped else "squash")
