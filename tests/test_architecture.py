"""Imports go downwards only; the layers stand here, once, and docs/architecture.md shows them."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

REPO = Path(__file__).resolve().parent.parent
PACKAGE = REPO / "src" / "placelens"
BENCHES = REPO / "benchmarks" / "src" / "placelens_bench"
PAGE = REPO / "docs" / "architecture.md"

# From top to bottom. A room imports from lines below its own only, never from its own line.
# The first is a distribution of its own, above all rooms: nothing here knows of it.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("placelens_bench",),
    ("cli",),
    ("server", "demo", "testing"),
    ("collection",),
    ("results",),
    ("query",),
    ("distributed", "explain", "geolocate", "remote_sensing", "sketch", "ingest", "export"),
    ("engine", "training", "alignment"),
    ("evaluation",),
    ("storage", "index", "encoders", "readers"),
    ("models",),
    ("geo",),
    ("kernels",),
    ("types", "folders", "files", "deadline", "arguments", "processes"),
    ("limits",),
    ("errors",),
    ("display", "installed", "telemetry"),
)
LEVEL = {room: depth for depth, line in enumerate(LAYERS) for room in line}

# What the benchmarks measure, and what they measure it with; no other room is theirs to know.
OPEN_TO_BENCHES = {
    "alignment",
    "cli",  # options, and how a result is printed
    "collection",
    "encoders",
    "errors",
    "evaluation",
    "explain",
    "geo",
    "index",
    "ingest",
    "installed",
    "readers",
    "results",
    "sketch",
    "testing",  # what is made up
    "types",
}

# The modules of the benchmarks that train a model; others import them where they are used.
LEARNING = {
    f"placelens_bench/mcqi/model/{name}" for name in ("kept", "learn", "mil", "networks", "scores")
}
# Packages that only these rooms, or "room/module"s, may import, anywhere in a file.
CONFINED = {
    "fastapi": {"server"},
    "starlette": {"server"},
    "typer": {"cli", "placelens_bench/command"},
    "rich": {"cli", "placelens_bench/tables"},
    "ray": {"distributed"},
    "torch": {"models", "training", "encoders", *LEARNING},
    "lance": {"storage"},
    "onnxruntime": {"encoders", "training"},
    "ai_edge_litert": {"encoders/segmenters/networks"},
}
# What leads from bytes to a program, a file or a host stands in few places. The first list is of
# modules: a room, or "room/module"; the second of calls, and what may make them.
DOORS = {
    "PIL.EpsImagePlugin": set(),
    "pickle": set(),
    "marshal": set(),
    "shelve": set(),
    "subprocess": {"placelens_bench/engine/run"},  # a process for each rival
    "urllib.request": set(),
    "http.client": set(),
    "requests": set(),
    "httpx": set(),
    "ftplib": set(),
    "zipfile": {"encoders/concept_map", "geo/geonames", "server/archive"},  # the last writes
    "tarfile": set(),
    "xml.etree.ElementTree": {"readers/xmp", "export/xml_formats"},  # types, and writing
    "socket": {"cli/serve", "server/connections"},
}
CALLS = {
    "Image.open": set(),
    "ImageFile.Parser": set(),
    "ImageGrab.grab": set(),
    "os.system": set(),
    "os.popen": set(),
    "eval": set(),
    "exec": set(),
    "pq.read_table": set(),
    "torch.load": {"training/backbone"},  # with weights_only
}


# Packages that must not be imported when a module is: they are slow, or an extra.
LAZY = {
    "ai_edge_litert", "torch", "open_clip", "transformers", "geopandas", "pandas", "pyogrio",
    "shapely", "rawpy",
}  # fmt: skip
LAZY_BUT_IN = {"torch": {"models", "training", *LEARNING}}


class Import(NamedTuple):
    """One import statement: who imports what, where, and whether it runs with the module."""

    room: str
    module: str
    target: str
    names: tuple[str, ...]
    where: str
    at_load: bool


def _room(module: str) -> str:
    """What stands in LAYERS for a dotted module name."""
    top, _, below = module.partition(".")
    return top if top == BENCHES.name else below.partition(".")[0]


def _targets(node: ast.AST, module: str, is_package: bool) -> list[str]:
    """Dotted names that an import statement reaches, relative ones made absolute."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        parts = module.split(".")
        parts = parts[: len(parts) - node.level + (1 if is_package else 0)]
        base = ".".join([*parts, base]) if base else ".".join(parts)
    if base == "placelens":  # from placelens import errors
        return [f"placelens.{alias.name}" for alias in node.names]
    return [base]


def _typing_only(node: ast.AST) -> bool:
    """Whether the node is ``if TYPE_CHECKING:``."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _walk(node: ast.AST, at_load: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        now = at_load and not deferred and not _typing_only(child)
        yield child, now
        yield from _walk(child, now)


def sources() -> list[Path]:
    """Every module of placelens and of the benchmarks."""
    return [path for package in (PACKAGE, BENCHES) for path in sorted(package.rglob("*.py"))]


def _below(path: Path) -> Path:
    """The path as Python names it: from the folder that holds the package."""
    package = BENCHES if path.is_relative_to(BENCHES) else PACKAGE
    return path.relative_to(package.parent)


def _module(path: Path) -> str:
    """The module as "room/module"."""
    return _below(path).with_suffix("").as_posix().removeprefix(f"{PACKAGE.name}/")


def imports_of(path: Path) -> Iterator[Import]:
    """Every import in a module."""
    parts = _below(path).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    for node, at_load in _walk(ast.parse(path.read_text(encoding="utf-8")), True):
        for target in _targets(node, name, is_package):
            names = tuple(alias.name for alias in node.names)  # type: ignore[attr-defined]
            where = f"{_below(path)}:{node.lineno}"  # type: ignore[attr-defined]
            yield Import(_room(name), _module(path), target, names, where, at_load)


@cache
def all_imports() -> tuple[Import, ...]:
    """Every import in placelens and in the benchmarks."""
    return tuple(found for path in sources() for found in imports_of(path))


def test_every_room_has_a_line() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__"}
    unknown = (folders | modules) - set(LEVEL)
    assert not unknown, f"put {sorted(unknown)} on a line of LAYERS in {__file__}"


def test_imports_go_downwards_only() -> None:
    wrong = []
    for found in all_imports():
        if not found.target.startswith("placelens") or found.target == "placelens.__version__":
            continue  # the version is a constant of the facade, not something that it joins
        room = _room(found.target)
        if room == found.room or (not found.room and room != BENCHES.name):
            continue  # a room knows itself; the facade may import any room
        if room not in LEVEL:
            wrong.append(f"{found.where} imports the facade {found.target!r}; import the room")
        elif LEVEL[room] <= LEVEL.get(found.room, 0):
            wrong.append(f"{found.where} ({found.room}) imports {found.target}")
    assert not wrong, "upward or sideways imports:\n" + "\n".join(wrong)


def test_packages_stay_in_their_rooms() -> None:
    wrong = [
        f"{found.where} imports {found.target}: only {sorted(CONFINED[top])} may"
        for found in all_imports()
        if (top := found.target.split(".")[0]) in CONFINED and not _may(found.module, CONFINED[top])
    ]
    assert not wrong, "\n".join(wrong)


def test_benchmarks_know_only_the_rooms_that_are_open_to_them() -> None:
    wrong = [
        f"{found.where} imports {found.target}: {', '.join(found.names)}"
        for found in all_imports()
        if found.room == BENCHES.name
        and found.target.split(".")[0] == PACKAGE.name
        and (
            _room(found.target) not in OPEN_TO_BENCHES
            or any(name.startswith("_") for name in found.names)
        )
    ]
    assert not wrong, "\n".join(wrong)
    used = {_room(found.target) for found in all_imports() if found.room == BENCHES.name}
    assert used >= OPEN_TO_BENCHES, f"close {sorted(OPEN_TO_BENCHES - used)} to the benchmarks"


def test_slow_packages_are_imported_on_use() -> None:
    wrong = [
        f"{found.where} imports {found.target} when the module loads; import it where it is used"
        for found in all_imports()
        if found.at_load
        and (top := found.target.split(".")[0]) in LAZY
        and not _may(found.module, LAZY_BUT_IN.get(top, set()))
    ]
    assert not wrong, "\n".join(wrong)


def test_numba_waits_until_a_kernel_is_called() -> None:
    wrong = [
        f"{found.where} imports {found.target}: call it as kernels.NAME"
        for found in all_imports()
        if found.room != "kernels"
        and found.at_load
        and (found.target.startswith("placelens.kernels.") or found.target.startswith("numba"))
        and found.target != "placelens.kernels.layout"
    ]
    assert not wrong, "\n".join(wrong)


# What a command loads, beyond what its help does, is asked of a collection of vectors.
@pytest.mark.parametrize(
    "words", ["stats c.pl", "search c.pl --near 1,2", "export c.pl --format csv"]
)
def test_a_small_collection_needs_neither_numba_nor_pandas(words: str, tmp_path: Path) -> None:
    from placelens import Collection

    vectors = Collection.create(tmp_path / "c.pl", dim=2)
    vectors.add_vectors(["a"], [[1.0, 0.0]], lat=[1], lon=[2])
    run = [sys.executable, "-c"]
    heavy = ["numba", "pandas", "scipy.linalg", "multiprocessing.pool", "loky", "shapely"]
    code = (
        "import atexit, sys\n"
        "def told():\n"
        f"    print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)\n"
        "atexit.register(told)\n"
        f"sys.argv = ['placelens', *{words.split()!r}]\n"
        "from placelens.cli.main import run\n"
        "run()\n"
    )
    ended = subprocess.run([*run, code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ended.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize("module", ["placelens", "placelens.cli.main"])
def test_importing_stays_light(module: str) -> None:
    heavy = ["torch", "fastapi", "geopandas", "pandas", "shapely", "onnxruntime", "lance"]
    heavy += [] if module.endswith("main") else ["typer", "rich"]
    code = f"import sys, {module}; print([m for m in {heavy!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def _may(module: str, allowed: set[str]) -> bool:
    return module in allowed or module.split("/", maxsplit=1)[0] in allowed


def test_what_leads_outside_is_imported_in_few_places() -> None:
    wrong = [
        f"{found.where} imports {found.target}"
        for found in all_imports()
        for name, allowed in DOORS.items()
        if (found.target == name or found.target.startswith(f"{name}."))
        and not _may(found.module, allowed)
    ]
    assert not wrong, "\n".join(wrong)


def calls_of(path: Path) -> Iterator[tuple[str, int]]:
    """Names of what a file calls, as "module.function", and the lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def test_what_leads_outside_is_called_in_few_places() -> None:
    wrong = [
        f"{_module(path)}:{line} calls {name}: only {sorted(CALLS[call]) or 'no module'} may"
        for path in sources()
        for name, line in calls_of(path)
        for call in CALLS
        # A method that happens to be called eval is no door, PIL.Image.open is.
        if (name == call or ("." in call and name.endswith(f".{call}")))
        and not _may(_module(path), CALLS[call])
    ]
    assert not wrong, "\n".join(wrong)


def test_only_one_module_names_decoders() -> None:
    plugins = {
        path.name
        for path in sources()
        if re.search(r"\w+ImagePlugin|HeifImageFile|rawpy\.imread", path.read_text("utf-8"))
    }
    assert plugins == {"pictures.py", "raster_pixels.py", "raw.py"}


def picture() -> str:
    """The layers as the text block of docs/architecture.md."""
    width = max(len("   ".join(line)) for line in LAYERS)
    return "\n".join(f"{'   '.join(line):^{width}}".rstrip() for line in LAYERS)


def test_docs_show_the_layers() -> None:
    begin, end = "<!-- layers: begin -->\n", "<!-- layers: end -->"
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(begin)
    _, after = rest.split(end)
    wanted = f"{before}{begin}```text\n{picture()}\n```\n{end}{after}"
    if os.environ.get("PLACELENS_WRITE_DOCS"):
        PAGE.write_text(wanted, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == wanted, "docs/architecture.md: run make docs"


def _trees_of_repository(word: str) -> Iterator[tuple[Path, ast.AST]]:
    """Every Python file that we wrote and that has a word: packages, tests, examples, ..."""
    for folder in ("src", "benchmarks", "tests", "examples", "training", "tools"):
        for path in sorted((REPO / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if word in text:
                yield path.relative_to(REPO), ast.parse(text)


def test_no_thread_is_left_to_die() -> None:
    """A daemon thread in native code aborts the process at its end; others are awaited."""
    wrong = [
        f"{path}:{node.value.lineno}"
        for path, tree in _trees_of_repository("daemon")
        for node in ast.walk(tree)
        if path != Path("src/placelens/processes.py")  # processes, which do end with this one
        and isinstance(node, ast.keyword)
        and node.arg == "daemon"
        and not (isinstance(node.value, ast.Constant) and node.value.value is False)
    ]
    assert not wrong, f"daemon threads in {wrong}: start them without daemon=, and join them"


def test_onnxruntime_is_reached_after_its_telemetry_is_off() -> None:
    """By `onnx_runtime`, or below a placelens that has set the environment: in its own modules."""
    allowed = {
        Path("src/placelens/encoders/onnx_session.py"),
        Path("src/placelens/training/quantization.py"),  # parts of it that are modules themselves
    }
    wrong = [
        f"{path}:{node.lineno}"
        for path, tree in _trees_of_repository("onnxruntime")
        if path not in allowed
        for node in ast.walk(tree)
        if any(name.split(".")[0] == "onnxruntime" for name in _targets(node, "", False))
    ]
    assert not wrong, f"{wrong}: use placelens.encoders.onnx_session.onnx_runtime()"


def test_install_hints_come_from_one_place() -> None:
    """Nothing is published under the name: a hint in words would not work."""
    wrong = [
        str(path)
        for path in sources()
        if path.name != "installed.py" and "placelens[" in path.read_text(encoding="utf-8")
    ]
    assert not wrong, f"{wrong}: use placelens.installed.install_command"
