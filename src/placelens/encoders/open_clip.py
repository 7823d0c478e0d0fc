"""Encoders of OpenCLIP: CLIP and its relatives, from the hub or a local path."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from placelens.encoders.hub import TorchEncoder, not_here
from placelens.errors import EncoderError, MissingExtraError
from placelens.types import ImageSpec

# OpenCLIP's name of a resize mode -> ours.
_FITS: Mapping[str, Any] = {"shortest": "crop", "squash": "squash", "longest": "pad"}


class OpenClipEncoder(TorchEncoder):
    """A model of OpenCLIP; make one with ``load``."""

    def __init__(self, *, tokenizer: Any, **options: Any) -> None:
        self._tokenizer = tokenizer
        super().__init__(**options)

    @classmethod
    def load(cls, argument: str, *, allow_download: bool = True) -> OpenClipEncoder:
        """Load ``<model>/<weights or path>``, or a folder with ``open_clip_config.json``.

        Parameters
        ----------
        argument
            ``ViT-B-32/laion2b_s34b_b79k`` (a tag of OpenCLIP's: downloaded once, then cached),
            ``ViT-B-32/weights.safetensors`` (a file), or the path of a folder as OpenCLIP's
            ``push_to_hf_hub`` saves it.
        allow_download
            Whether the hub may be asked, for weights or for a tokenizer.

        Raises
        ------
        MissingExtraError
            If torch or OpenCLIP cannot be imported.
        EncoderError
            If there is no such model, or its weights cannot be had.
        """
        try:
            import open_clip
        except ImportError as error:
            raise MissingExtraError(f"encoder open_clip:{argument}", "hub") from error
        except RuntimeError as error:
            # torchvision beside a torch that it was not built for fails on import like this.
            raise EncoderError(
                f"OpenCLIP cannot be imported: {error}; install torch and torchvision of one "
                "release and build"
            ) from error
        model_name, weights = _parse(argument, open_clip.list_models())
        # OpenCLIP asks the hub even for what it has, and cannot be told not to.
        if not allow_download and _asks_the_hub(model_name, weights, open_clip.get_model_config):
            raise not_here(f"open_clip:{argument}")
        try:
            model = open_clip.create_model(
                model_name, pretrained=weights, require_pretrained=True, precision="fp32"
            )
            tokenizer = open_clip.get_tokenizer(model_name)
        # What OpenCLIP raises depends on where the weights come from and what is wrong.
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise EncoderError(
                f"encoder open_clip:{argument} cannot be loaded: {error}; the weights must be a "
                "tag that open_clip.list_pretrained() names, a file, or a folder with "
                "open_clip_config.json"
            ) from error
        preparation = open_clip.get_model_preprocess_cfg(model)
        return cls(
            name=f"open_clip:{argument}",
            model=model,
            tokenizer=tokenizer,
            image_spec=_image_spec(preparation),
            mean=preparation["mean"],
            std=preparation["std"],
            languages="depends on the model; most know English only",
        )

    def _tokenize(self, texts: list[str]) -> Mapping[str, Any]:
        """Padded to the model's context length by OpenCLIP."""
        return {"text": self._tokenizer(texts).to(self._device)}

    def _text_features(self, texts: list[str]) -> Any:
        return self._model.encode_text(self._tokenize(texts)["text"])

    def _image_features(self, pixels: Any) -> Any:
        return self._model.encode_image(pixels)


def _parse(argument: str, known: list[str]) -> tuple[str, str | None]:
    """Model name and weights in OpenCLIP's terms."""
    folder = Path(argument).expanduser()
    if (folder / "open_clip_config.json").is_file():
        return f"local-dir:{folder}", None
    model_name, _, weights = argument.partition("/")
    if model_name not in known:
        raise EncoderError(
            f"encoder open_clip:{argument}: no model {model_name!r} in OpenCLIP, and no "
            f"{folder / 'open_clip_config.json'}; known models are, among {len(known)}: "
            f"{', '.join(name for name in known if name.startswith('ViT-B'))[:200]}, ..."
        )
    if not weights:
        raise EncoderError(
            f"encoder open_clip:{argument} names no weights; write "
            f"open_clip:{model_name}/<weights or path>"
        )
    path = Path(weights).expanduser()
    return model_name, str(path) if path.exists() else weights


def _asks_the_hub(
    model_name: str,
    weights: str | None,
    config_of: Callable[[str], Mapping[str, Any] | None],
) -> bool:
    """Whether weights or tokenizer of a model come from the hub, or would run code of its own."""
    if weights is not None and not Path(weights).is_file():
        return True
    folder = model_name.removeprefix("local-dir:")
    if folder == model_name:
        config = config_of(model_name) or {}
    else:
        stored = json.loads((Path(folder) / "open_clip_config.json").read_text(encoding="utf-8"))
        config = stored.get("model_cfg", stored)
    text = config.get("text_cfg", {})
    return any(text.get(key) for key in ("hf_tokenizer_name", "hf_model_name", "tokenizer_kwargs"))


def _image_spec(preparation: Mapping[str, Any]) -> ImageSpec:
    """The square that the model wants."""
    size = preparation["size"]
    sides = {size} if isinstance(size, int) else set(size)
    if len(sides) != 1:
        raise EncoderError(f"the model wants images of {size}; placelens prepares squares only")
    return ImageSpec(size=sides.pop(), fit=_FITS[preparation.get("resize_mode") or "shortest"])
