"""``placelens bench``: the figures of the documentation, measured here.

placelens finds it by the entry point ``command`` of the group ``placelens.bench``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from placelens.cli import options
from placelens.cli.console import notice, print_json
from placelens_bench.tables import for_json, print_result


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked of a benchmark; ``options`` are its own, those that were given."""

    name: str
    data: Path | None
    encoder: str
    quick: bool
    options: Mapping[str, Any]

    @property
    def needed_data(self) -> Path:
        """The folder of the data sets.

        Raises
        ------
        InputError
            If none was given.
        """
        from placelens.errors import InputError

        if self.data is None:
            raise InputError(
                f"benchmark {self.name!r} needs real data; give its folder with --data DIR"
            )
        return self.data


def _scan(asked: Asked) -> Any:
    from placelens_bench.scan import run

    return run(items=10_000, queries=10) if asked.quick else run()


def _travel(asked: Asked) -> Any:
    from placelens_bench.travel import run

    return run(asked.needed_data, encoder=asked.encoder)


def _heritage(asked: Asked) -> Any:
    from placelens_bench.heritage import run

    return run(asked.needed_data, encoder=asked.encoder)


def _place_names(asked: Asked) -> Any:
    from placelens.geo.gazetteer import Gazetteer
    from placelens_bench.place_names import measure

    return measure(asked.needed_data, Gazetteer())


def _encoder(asked: Asked) -> Any:
    from placelens_bench.encoder import run

    return run(encoder=asked.encoder, rounds=1 if asked.quick else 5)


def _regions(asked: Asked) -> Any:
    from placelens_bench.regions import run

    return run(asked.needed_data, encoder=asked.encoder)


def _sketch(asked: Asked) -> Any:
    from placelens.evaluation.reliability_plot import require_matplotlib
    from placelens_bench import sketch_plots
    from placelens_bench.sketch import run

    folder = asked.options.get("plots")
    if folder is not None:
        require_matplotlib()  # before the work, not after it
    result = run(asked.needed_data, encoder=asked.encoder, quick=asked.quick)
    for path in [] if folder is None else sketch_plots.draw(result, folder):
        notice(str(path))
    return result


def _spread(asked: Asked) -> Any:
    from placelens_bench.spread import run

    return run(asked.needed_data, encoder=asked.encoder)


def _answers(asked: Asked) -> Any:
    from placelens_bench.answers import run

    return run(asked.needed_data, encoder=asked.encoder)


def _cosmat(asked: Asked) -> Any:
    from placelens.evaluation.reliability_plot import require_matplotlib
    from placelens_bench import cosmat_plots
    from placelens_bench.cosmat import run

    given = dict(asked.options)
    folder = given.pop("plots", None)
    if folder is not None:
        require_matplotlib()  # before the work, not after it
    result = run(
        asked.needed_data,
        encoder=asked.encoder,
        network=_network(given.pop("network", None), given.pop("layer", None)),
        quick=asked.quick,
        **given,
    )
    for path in [] if folder is None else cosmat_plots.draw(result, folder):
        notice(str(path))
    return result


def _network(path: Path | None, layer: str | None) -> Any:
    from placelens.alignment import NetworkFeatures
    from placelens.errors import InputError

    if path is None:
        if layer is not None:
            raise InputError(f"--layer {layer} is one of a network; give its file with --network")
        return None
    return NetworkFeatures(path, layer)


def _paper_000(asked: Asked) -> Any:
    """Its steps are told on stderr, as those of the engine's are."""
    from placelens.encoders.registry import load_encoder
    from placelens.evaluation.reliability_plot import require_matplotlib
    from placelens_bench.paper_000 import plots
    from placelens_bench.paper_000.run import run

    folder, work = asked.options.get("plots"), asked.options.get("work")
    if folder is not None:
        require_matplotlib()
    encoder = None if asked.encoder == "lite" else load_encoder(asked.encoder)
    result = run(asked.needed_data, work=work, quick=asked.quick, encoder=encoder, say=notice)
    for path in [] if folder is None else plots.draw(result, folder):
        notice(str(path))
    return result


def _mcqi(asked: Asked) -> Any:
    """Its steps are told on stderr: encoding takes long."""
    from placelens.encoders.registry import load_encoder
    from placelens.errors import InputError
    from placelens.evaluation.reliability_plot import require_matplotlib
    from placelens_bench import explained
    from placelens_bench.mcqi import plots
    from placelens_bench.mcqi.run import run

    folder, work = asked.options.get("plots"), asked.options.get("work")
    if folder is not None:
        require_matplotlib()
    encoder = None if asked.encoder == "lite" else load_encoder(asked.encoder)
    file, labels = asked.options.get("detector"), asked.options.get("labels")
    if file is None and labels is not None:
        raise InputError("--labels are of a detector; name its file with --detector")
    detector = None if file is None else explained.detector_of(file, labels)
    result = run(
        asked.needed_data,
        work=work,
        quick=asked.quick,
        train=bool(asked.options.get("train")),
        encoder=encoder,
        detector=detector,
        say=notice,
    )
    for path in [] if folder is None else plots.draw(result, folder):
        notice(str(path))
    return result


def _engine(asked: Asked) -> Any:
    """The engine's benchmark; its steps are told on stderr, since it takes long."""
    from placelens_bench.engine.run import QUICK, Settings, run

    settings = Settings(data=asked.data, **{**(QUICK if asked.quick else {}), **asked.options})
    return run(settings, say=notice)


def _updates(asked: Asked) -> Any:
    from placelens_bench.updates import QUICK, run

    return run(**{**(QUICK if asked.quick else {}), **asked.options})


def _browse(asked: Asked) -> Any:
    from placelens_bench.browse import QUICK, run

    given = dict(asked.options)
    sizes = {"items": (given["items"],)} if "items" in given else {}
    return run(**{**(QUICK if asked.quick else {}), **sizes})


BENCHES: Mapping[str, Callable[[Asked], Any]] = {
    "scan": _scan,
    "encoder": _encoder,
    "regions": _regions,
    "sketch": _sketch,
    "spread": _spread,
    "answers": _answers,
    "cosmat": _cosmat,
    "paper-000": _paper_000,
    "mcqi": _mcqi,
    "travel": _travel,
    "heritage": _heritage,
    "place-names": _place_names,
    "engine": _engine,
    "updates": _updates,
    "browse": _browse,
}
# Whose the options are that not every benchmark has.
OWNERS: Mapping[str, tuple[str, ...]] = {
    "items": ("engine", "updates", "browse"),
    "dim": ("engine", "updates"),
    "plots": ("engine", "cosmat", "paper-000", "sketch", "mcqi"),
    "work": ("engine", "cosmat", "paper-000", "mcqi"),
    **dict.fromkeys(("detector", "labels"), ("mcqi",)),
    "train": ("mcqi",),
    **dict.fromkeys(("dataset", "features", "network", "layer"), ("cosmat",)),
    **dict.fromkeys(("queries", "methods", "workloads", "budget", "curves"), ("engine",)),
}


def _option(*names: str, help: str, metavar: str | None = None) -> Any:
    """An option of some benchmarks, mostly the engine's, in a panel of its own in the help."""
    return typer.Option(*names, help=help, metavar=metavar, rich_help_panel="Of some benchmarks")


Items = Annotated[
    int | None,
    _option(help="How many items; 1,000,000 unless given. 'updates': 100,000; 'browse': both."),
]
Dim = Annotated[int | None, _option(help="Their dimensions; 512 unless given. 'updates': 384.")]
Queries = Annotated[int | None, _option(help="How many queries; 200 unless given.")]
Methods = Annotated[str | None, _option(metavar="A,B", help="Only these, with scan and blas.")]
Workloads = Annotated[str | None, _option(metavar="A,B", help="Only these.")]
Budget = Annotated[
    float | None,
    _option(metavar="SECONDS", help="For a method's queries of a workload; 60 unless given."),
]
Work = Annotated[
    Path | None,
    _option(
        metavar="DIR",
        help="Keep data and indexes here for next time. Also 'cosmat', 'paper-000', 'mcqi'.",
    ),
]
Curves = Annotated[bool | None, _option("--curves", help="Also by items, k, mu and scale.")]
Plots = Annotated[
    Path | None,
    _option(
        metavar="DIR",
        help="Draw figures into this folder. Also 'cosmat', 'paper-000', 'sketch', 'mcqi'.",
    ),
]
DatasetName = Annotated[
    str | None,
    _option("--dataset", metavar="NAME", help="'cosmat': wikipedia (unless given), rsicd, travel."),
]
Features = Annotated[
    str | None,
    _option(metavar="KIND", help="'cosmat': equal (unless given), or paper, each method its own."),
]

Network = Annotated[
    Path | None,
    _option(metavar="FILE.onnx", help="'cosmat': SCM's image features in '--features paper'."),
]
Layer = Annotated[
    str | None, _option(metavar="NAME", help="'cosmat': of the network, like fc7; its output.")
]
DetectorFile = Annotated[
    Path | None,
    _option("--detector", metavar="FILE.onnx", help="'mcqi': explain with its objects, too."),
]
LabelFile = Annotated[
    Path | None,
    _option("--labels", metavar="FILE", help="'mcqi': of the detector; COCO's 80 unless given."),
]
Train = Annotated[
    bool | None,
    _option("--train", help="'mcqi': train and measure the paper's model too (extra train)."),
]


def command(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of: {', '.join(BENCHES)}.")],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the real data sets.")
    ] = None,
    encoder: Annotated[str, typer.Option(help="See placelens encoders.")] = "lite",
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, to try it out.")] = False,
    items: Items = None,
    dim: Dim = None,
    queries: Queries = None,
    methods: Methods = None,
    workloads: Workloads = None,
    budget: Budget = None,
    work: Work = None,
    curves: Curves = None,
    plots: Plots = None,
    dataset: DatasetName = None,
    features: Features = None,
    network: Network = None,
    layer: Layer = None,
    detector: DetectorFile = None,
    labels: LabelFile = None,
    train: Train = None,
    as_json: options.JsonOption = False,
) -> None:
    """Measure speed and quality; every figure in the documentation comes from here."""
    from placelens.errors import InputError

    if name not in BENCHES:
        raise InputError(f"benchmark {name!r} is not known; there are: {', '.join(BENCHES)}")
    own = {
        "items": items,
        "dim": dim,
        "queries": queries,
        "methods": _names(methods),
        "workloads": _names(workloads),
        "budget": budget,
        "work": work,
        "curves": curves,
        "plots": plots,
        "dataset": dataset,
        "features": features,
        "network": network,
        "layer": layer,
        "detector": detector,
        "labels": labels,
        "train": train,
    }
    given = {option: value for option, value in own.items() if value is not None}
    for option in given:
        if name not in OWNERS[option]:
            *others, last = map(repr, OWNERS[option])
            whose = f"{', '.join(others)} and {last}" if others else last
            plural = "s" if len(OWNERS[option]) > 1 else ""
            raise InputError(f"--{option} is an option of the benchmark{plural} {whose} only")
    asked = Asked(name=name, data=data, encoder=encoder, quick=quick, options=given)
    result = BENCHES[name](asked)
    if as_json:
        print_json(for_json(name, result))
    else:
        print_result(name, result)


def _names(written: str | None) -> tuple[str, ...] | None:
    """Names with commas between."""
    if written is None:
        return None
    return tuple(name.strip() for name in written.split(",") if name.strip())
