"""``placelens index``: folders and tables into a collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from placelens.cli import completion, options
from placelens.cli.console import notice

if TYPE_CHECKING:
    from placelens.collection import Collection
    from placelens.readers.columns import TableOptions

_ROLES = ("image", "lat", "lon", "place", "radius", "time", "id")

Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH",
        help="Folders, photos, or tables (CSV, JSONL, GeoJSON, GeoParquet).",
        show_default=False,
    ),
]
To = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="The collection; default: the path's name and .pl."),
]
EncoderName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Encoder of a new collection, or of --reencode; default: lite, or the collection's.",
        autocompletion=completion.encoders,
    ),
]
TextColumns = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="Columns of tables that hold the text; none for no text."),
]
ColumnNames = Annotated[
    list[str] | None,
    typer.Option(
        metavar="lat=NAME",
        help="What a table calls its image, lat, lon, place, radius, time or id column.",
    ),
]
Tables = Annotated[
    bool, typer.Option("--tables/--no-tables", help="Read the tables among the photos.")
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Leave files and folders out: *.png, Private/, 2019/**/raw; may be repeated.",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Change nothing; name what --prune would drop."),
]
Prune = Annotated[bool, typer.Option("--prune", help="Drop items whose file is gone.")]
Watch = Annotated[bool, typer.Option("--watch", help="Follow the folders until Ctrl-C.")]
Workers = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="Processes that decode; 0 for none."),
]
Features = Annotated[
    str | None,
    typer.Option(
        metavar="A,B",
        help="Features that a new collection also keeps; of a collection PATH, fill them in.",
    ),
]
Segmenter = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Have a model of yours make the class maps of --features class_map.",
        autocompletion=completion.segmenters,
    ),
]
Detector = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Have a model of yours find the objects of --features objects.",
        autocompletion=completion.detectors,
    ),
]
Masks = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Give the items of the collection PATH class maps: PNGs named as their images are.",
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="What the numbers in --masks mean: a name a line, from 0."),
]
Reencode = Annotated[
    bool,
    typer.Option(
        "--reencode",
        help="Make all vectors of the collection PATH anew, by its encoder or that of --encoder.",
    ),
]
ReportFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE.csv", help="Write every skipped file with its reason."),
]


def command(
    *,
    paths: Paths,
    to: To = None,
    encoder: EncoderName = None,
    text_columns: TextColumns = None,
    column: ColumnNames = None,
    tables: Tables = True,
    exclude: Exclude = None,
    prune: Prune = False,
    dry_run: DryRun = False,
    watch: Watch = False,
    workers: Workers = None,
    report: ReportFile = None,
    features: Features = None,
    segmenter: Segmenter = None,
    detector: Detector = None,
    masks: Masks = None,
    labels: Labels = None,
    reencode: Reencode = False,
    allow_download: options.AllowDownload = False,
) -> None:
    """Take photos, texts and tables into a collection; only what is new or changed is read."""
    from placelens.cli.importing import Import
    from placelens.errors import InputError

    _check_there(paths)
    if reencode:
        from placelens.cli.reencoding import Reencoding

        others = {"segmenter": segmenter, "detector": detector, "masks": masks, "labels": labels}
        _check_alone(to=to, features=features, **others, prune=prune, watch=watch)
        for path in paths:
            run = Reencoding(path, encoder, allow_download=allow_download)
            run.preview() if dry_run else run.run(workers=workers, written=report)
        return
    if masks is not None or labels is not None:
        from placelens.cli.importing import give_masks

        folder, names = _checked_masks(
            paths,
            masks,
            labels,
            **{"to": to, "features": features, "segmenter": segmenter, "detector": detector},
            **{"dry-run": dry_run, "prune": prune, "watch": watch},
        )
        give_masks(_open(paths[0], encoder, allow_download=allow_download), folder, names, report)
        return
    more = _names(features)
    makers = {"segmenter": segmenter, "detector": detector}
    _check_makes(more, makers)
    if more and _are_collections(paths):
        from placelens.cli.importing import fill

        for path in paths:
            opened = _open(path, encoder, allow_download=allow_download)
            fill(opened, more, **makers, workers=workers)
        return
    if dry_run and watch:
        raise InputError("--dry-run changes nothing, so there is nothing to --watch")
    target = _target(paths, to)
    find = _open if dry_run else partial(_open_or_create, features=more, makers=makers)
    collection = find(target, encoder, allow_download=allow_download)
    _check_kept(collection, more, makers)
    importing = Import(
        collection,
        paths,
        tables=tables,
        exclude=exclude or (),
        columns=_columns(text_columns, column or ()),
        prune=prune,
        workers=workers,
        report=report,
    )
    if dry_run:
        importing.preview()
        return
    taken = importing.run()
    if watch:
        importing.follow()
    elif not taken:
        raise typer.Exit(1)


def _check_there(paths: Sequence[Path]) -> None:
    """A path that is mistyped must not leave an empty collection behind."""
    from placelens.errors import InputError

    for path in paths:
        if not path.expanduser().exists():
            raise InputError(f"{path} does not exist; check how it is written")


def _names(written: str | None) -> list[str]:
    return [name.strip() for name in (written or "").split(",") if name.strip()]


def _are_collections(paths: Sequence[Path]) -> bool:
    """Whether features are to be filled in: all paths are collections, and none are photos."""
    from placelens.errors import InputError
    from placelens.storage.manifest_files import manifest_files

    found = [path for path in paths if manifest_files(path.expanduser())]
    if found and len(found) < len(paths):
        raise InputError(
            f"{found[0]} is a collection, in which --features are filled in, and other paths are "
            "not; index these apart"
        )
    return bool(found)


# By the option that names a model of a user's: the feature that it makes, and what that holds.
_MADE_BY = {"segmenter": ("class_map", "class maps"), "detector": ("objects", "objects")}


def _check_makes(names: Sequence[str], makers: Mapping[str, str | None]) -> None:
    """A model that is named must have something to make."""
    from placelens.errors import InputError

    for option, name in makers.items():
        feature, what = _MADE_BY[option]
        if name is not None and feature not in names:
            raise InputError(
                f"--{option} {name} makes {what}, which collections keep where they are "
                f"asked for; add --features {feature}"
            )


def _checked_masks(
    paths: Sequence[Path], masks: Path | None, labels: Path | None, **others: object
) -> tuple[Path, Path]:
    """What --masks does is of one collection that is there, and of nothing else."""
    from placelens.errors import InputError

    given = [f"--{name}" for name, value in others.items() if value]
    if masks is None or labels is None or given or len(paths) > 1:
        wrong = f"go without {given[0]}" if given else "go together, with one collection"
        raise InputError(
            f"--masks and --labels {wrong}, like: placelens index photos.pl --masks FOLDER "
            "--labels FILE"
        )
    return masks, labels


def _check_kept(
    collection: Collection, names: Sequence[str], makers: Mapping[str, str | None]
) -> None:
    """What is asked for of new items must not be missing of those that are there, unsaid."""
    from placelens.errors import EncoderMismatchError, InputError

    kept = {feature.name: feature for feature in collection.features}
    missing = [name for name in names if name not in kept]
    maker = "".join(f" --{option} {name}" for option, name in makers.items() if name is not None)
    if missing:
        raise InputError(
            f"{collection.path} is there and keeps no {' and no '.join(missing)}; fill in what its "
            f"items lack: placelens index {collection.path} --features {','.join(missing)}{maker}"
        )
    for option, name in makers.items():
        if name is None:
            continue
        feature, what = _MADE_BY[option]
        made_by = kept[feature].fingerprint
        if not (made_by or "").startswith(f"{option}:{name}:"):
            raise EncoderMismatchError(
                f"{collection.path} keeps {what} of {made_by}, not of the {option} "
                f"{name}; leave --{option} out, or make another collection with --to NEW.pl"
            )


def _check_alone(**others: object) -> None:
    """What --reencode does is of a collection that is there, and of nothing else."""
    from placelens.errors import InputError

    given = [f"--{name}" for name, value in others.items() if value]
    if given:
        raise InputError(
            f"--reencode goes without {given[0]}: it makes the vectors of a collection anew and "
            "reads no others, like: placelens index photos.pl --reencode"
        )


def _target(paths: Sequence[Path], to: Path | None) -> Path:
    """Where the collection is: as told, else beside the one path, named after it."""
    from placelens.errors import InputError

    if to is not None:
        return to
    if len(paths) > 1:
        raise InputError("several paths were given; name the collection with --to, like photos.pl")
    source = paths[0].expanduser().resolve()
    return source.with_name(f"{source.stem if source.is_file() else source.name}.pl")


def _columns(texts: str | None, others: Sequence[str]) -> TableOptions:
    """What the tables' columns mean, where their names do not say so."""
    from placelens.errors import InputError
    from placelens.readers.columns import TableOptions

    named: dict[str, str] = {}
    for written in others:
        role, _, name = written.partition("=")
        if role not in _ROLES or not name:
            raise InputError(
                f"--column {written!r} is not ROLE=NAME with one of {', '.join(_ROLES)}"
            )
        named[f"{role}_column"] = name
    if texts is None or texts.strip().lower() == "none":
        return TableOptions(text_columns=None if texts is None else "none", **named)
    split = tuple(name.strip() for name in texts.split(",") if name.strip())
    return TableOptions(text_columns=split, **named)


def _open_or_create(
    path: Path,
    encoder: str | None,
    *,
    allow_download: bool,
    features: Sequence[str] = (),
    makers: Mapping[str, str | None] = MappingProxyType({}),
) -> Collection:
    from placelens.collection import Collection
    from placelens.errors import CollectionNotFoundError

    try:
        return _open(path, encoder, allow_download=allow_download)
    except CollectionNotFoundError:
        collection = Collection.create(
            path,
            encoder=encoder,
            features=features,
            segmenter=makers.get("segmenter"),
            detector=makers.get("detector"),
        )
        notice(f"new collection {path} with the encoder {collection.encoder_name}")
        return collection


def _open(path: Path, encoder: str | None, *, allow_download: bool) -> Collection:
    """The collection; another encoder than its own is refused."""
    from placelens.collection import Collection
    from placelens.encoders.binding import reencode_command
    from placelens.errors import EncoderMismatchError

    collection = Collection.open(path, allow_download=allow_download)
    if encoder is not None and encoder != collection.encoder_name:
        raise EncoderMismatchError(
            f"{path} holds vectors of {collection.encoder_name}, and --encoder names {encoder}; "
            f"leave it out, or make them anew with: {reencode_command(path, encoder=encoder)}"
        )
    return collection
