"""From the name that a user types to an encoder."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from placelens.display import shown
from placelens.encoders.base import Encoder
from placelens.errors import EncoderError
from placelens.installed import install_command

if TYPE_CHECKING:
    from placelens.encoders.lite import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderKind:
    """One family of encoders.

    Attributes
    ----------
    pattern : what a user types, with the variable part in angle brackets, and in square ones
        what may be left out.
    summary : one line on what it is.
    load : builds the encoder from the part of the name after the colon.
    packages : importable names that it needs beyond a plain install.
    extra : the extra of placelens that installs them, or None.
    may_download : whether ``load`` may ask the hub; it then takes ``allow_download`` as well.
    takes_file : whether what follows the colon is a file, which a collection keeps beside it.
    """

    pattern: str
    summary: str
    load: Callable[..., Encoder]
    packages: tuple[str, ...] = ()
    extra: str | None = None
    may_download: bool = False
    takes_file: bool = False

    @property
    def needs_argument(self) -> bool:
        """Whether something must follow the colon."""
        return ":<" in self.pattern

    @property
    def is_installed(self) -> bool:
        """Whether its packages are there (they are not imported)."""
        return all(importlib.util.find_spec(package) is not None for package in self.packages)


def _load_lite(argument: str) -> Encoder:
    from placelens.encoders.lite import LiteEncoder

    return LiteEncoder(side=cast("Side", argument) if argument else None)  # which checks it


def _load_open_clip(argument: str, *, allow_download: bool) -> Encoder:
    from placelens.encoders.open_clip import OpenClipEncoder

    return OpenClipEncoder.load(argument, allow_download=allow_download)


def _load_hugging_face(argument: str, *, allow_download: bool) -> Encoder:
    from placelens.encoders.hugging_face import HuggingFaceEncoder

    return HuggingFaceEncoder.load(argument, allow_download=allow_download)


def _load_concepts(argument: str, *, allow_download: bool) -> Encoder:
    from placelens.encoders.concepts import ConceptEncoder

    return ConceptEncoder.load(argument, allow_download=allow_download)


# One table for loading, for the message that lists the choices, and for `placelens encoders`.
ENCODERS: Mapping[str, EncoderKind] = MappingProxyType(
    {
        "lite": EncoderKind(
            pattern="lite[:photo|aerial]",
            summary="built in: EfficientNet-Lite0 and MiniLM, 384 dimensions, no GPU, no network; "
            "each image tells whether it is seen from above, unless a side is named",
            load=_load_lite,
        ),
        "open_clip": EncoderKind(
            pattern="open_clip:<model>/<weights or path>",
            summary="CLIP and relatives of OpenCLIP, from the hub or a local file",
            load=_load_open_clip,
            packages=("torch", "torchvision", "open_clip"),
            extra="hub",
            may_download=True,
        ),
        "hf": EncoderKind(
            pattern="hf:<hub id or path>",
            summary="CLIP, SigLIP and SigLIP 2 of Hugging Face, from the hub or a local folder",
            load=_load_hugging_face,
            packages=("torch", "transformers"),
            extra="hub",
            may_download=True,
        ),
        "concepts": EncoderKind(
            pattern="concepts:<collection or file>",
            summary="concepts with names over another encoder, learnt by placelens train cosmat",
            load=_load_concepts,
            may_download=True,
            takes_file=True,
        ),
    }
)


def load_encoder(spec: str, *, folder: Path | None = None, allow_download: bool = True) -> Encoder:
    """Load an encoder by name.

    Parameters
    ----------
    spec
        ``lite``, or ``lite:photo`` or ``lite:aerial`` to take every image for one;
        ``open_clip:<model>/<weights or path>``, e.g.
        ``open_clip:ViT-B-32/laion2b_s34b_b79k``; ``hf:<hub id or path>``, e.g.
        ``hf:google/siglip2-base-patch16-224``; or ``concepts:<collection or file>``.
    folder
        Of the collection that names the encoder: a file that the name ends with must lie in it.
    allow_download
        Whether weights may be fetched from the hub; else they must be on this machine.

    Raises
    ------
    EncoderError
        If there is no such encoder (the message lists those there are), or it cannot be loaded.
    MissingExtraError
        If its packages are not installed; the message gives the command.

    Examples
    --------
    >>> load_encoder("lite").dim
    384
    """
    if not isinstance(spec, str):
        raise EncoderError(f"an encoder is named by a text, not {shown(spec)}")
    family, colon, argument = spec.strip().partition(":")
    kind = ENCODERS.get(family)
    if kind is None:
        raise EncoderError(
            f"no encoder {shown(spec)}; there are: "
            f"{', '.join(kind.pattern for kind in ENCODERS.values())}; "
            "'placelens encoders' says more about each"
        )
    if not argument and (colon or kind.needs_argument):
        raise EncoderError(f"encoder {shown(spec)} is not complete; write {kind.pattern}")
    if kind.takes_file and folder is not None:
        argument = str(_file_in(folder, argument))
    if kind.may_download:
        return kind.load(argument, allow_download=allow_download)
    return kind.load(argument)


def _file_in(folder: Path, name: str) -> Path:
    """A file of a collection's own; its manifest may come from anybody."""
    try:
        path = (folder / name).resolve()
        path.exists()  # or it would be an error of its own kind later
        if path.is_relative_to(folder.resolve()):
            return path
    except (OSError, ValueError, RuntimeError):  # NUL, too long, a loop of links
        pass
    raise EncoderError(
        f"{folder} names the file {shown(name)} for its encoder, which does not lie in it; open it "
        "with the encoder you mean: Collection.open(path, encoder=...)"
    )


def list_encoders() -> list[dict[str, Any]]:
    """Facts about every family of encoders, for ``placelens encoders``.

    Returns
    -------
    rows
        Dicts of plain JSON types: ``name`` (the pattern to type), ``summary``, ``installed``,
        ``install`` (the command, when it is not installed) and, where it can be told without a
        download, ``dim``, ``size_bytes``, ``licence``, ``languages`` and ``fingerprint``.
    """
    rows: list[dict[str, Any]] = []
    for kind in ENCODERS.values():
        row: dict[str, Any] = {
            "name": kind.pattern,
            "summary": kind.summary,
            "installed": kind.is_installed,
        }
        if not kind.is_installed and kind.extra is not None:
            row["install"] = install_command(kind.extra)
        if not kind.needs_argument:
            encoder = kind.load("")
            row |= {"dim": encoder.dim, "fingerprint": encoder.fingerprint, **encoder.info}
        rows.append(row)
    return rows
