"""What the prose promises: examples run, commands and options exist, links lead somewhere."""

import os
import re
import runpy
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

import placelens as pl
from placelens.cli.bench import installed_command
from placelens.cli.main import app

REPO = Path(__file__).resolve().parent.parent
MANUAL = sorted((REPO / "docs").glob("*.md"))
PAGES = [REPO / "README.md", REPO / "benchmarks" / "README.md", *MANUAL]
EXAMPLES = sorted((REPO / "examples").glob("*.py"))
_BLOCK = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?P<target>[^)#\s]+)(?:#[^)]*)?\)")


def _name(page: Path) -> str:
    return page.relative_to(REPO).as_posix()


def blocks(page: Path, *languages: str) -> Iterator[tuple[int, str]]:
    """Line number and code of each block in one of the languages."""
    text = page.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        if match["language"] in languages:
            yield text.count("\n", 0, match.start()) + 2, match["code"]


def commands(page: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and words of each ``placelens`` command that a page shows."""
    for start, code in blocks(page, "", "bash", "sh", "console", "text"):
        lines = [line.strip() for line in code.replace("\\\n", "  ").splitlines()]
        # Where a prompt marks what is typed, the other lines are output.
        prompt = "$ " if any(line.startswith("$ ") for line in lines) else ""
        for number, line in enumerate(lines):
            written = line.removeprefix(prompt)
            if line.startswith(f"{prompt}placelens "):
                yield start + number, shlex.split(written.split(" | ")[0], comments=True)


def known_commands() -> Any:
    """The command of all commands, with the benchmarks' in its place."""
    known: Any = typer.main.get_command(app)
    known.commands["bench"] = installed_command()
    return known


@pytest.fixture
def workplace(tiny_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the docs' examples run: a home with Pictures in it, which is also where we are."""
    shutil.copytree(tiny_photos, tmp_path / "Pictures")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=_name)
@pytest.mark.usefixtures("workplace")
def test_python_blocks_run(page: Path) -> None:
    """One after the other in one namespace, as a reader would type them."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    ran = 0
    for line, code in blocks(page, "python"):
        # Blank lines in front make tracebacks name the page's own line.
        exec(compile("\n" * (line - 1) + code, str(page), "exec"), namespace)
        ran += 1
    assert ran == len(re.findall(r"^```python", page.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_and_options_exist(page: Path) -> None:
    known = known_commands()
    wrong = []
    for line, words in commands(page):
        options = {word.split("=")[0] for word in words[1:] if re.match(r"--?[A-Za-z0]", word)}
        scope = [known]
        for name in (word for word in words[1:] if not word.startswith("-")):
            commands_of = getattr(scope[-1], "commands", None)
            if commands_of is None:
                break
            if name not in commands_of:
                wrong.append(f"line {line}: there is no command {name!r}")
                break
            scope.append(commands_of[name])
        offered = {"--help", "-h"}
        for part in scope:
            for option in part.params:
                offered |= {*option.opts, *option.secondary_opts}
        wrong += [f"line {line}: {scope[-1].name} has no {option}" for option in options - offered]
    assert not wrong, f"{_name(page)}: " + "; ".join(wrong)


def _commands_of(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that runs, with those of a command of commands: ``train cosmat``."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands_of(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def test_the_manual_names_every_command_and_option() -> None:
    manual = (REPO / "docs" / "cli.md").read_text(encoding="utf-8")
    known: dict[str, Any] = dict(_commands_of(known_commands()))
    missing = [
        f"## {name}" for name in known if not re.search(rf"^## .*\b{name}\b", manual, re.MULTILINE)
    ]
    for name, command in known.items():
        for option in command.params:
            names = [*option.opts, *option.secondary_opts] if option.opts[0].startswith("-") else []
            missing += [f"{name} {each}" for each in names if f"{each}" not in manual]
    assert not missing, f"docs/cli.md says nothing of {missing}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    prose = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    targets = [match["target"] for match in _LINK.finditer(prose)]
    gone = [
        target
        for target in targets
        if "://" not in target and not (page.parent / target).resolve().exists()
    ]
    assert not gone, f"{_name(page)} links to {gone}"


def test_every_page_is_in_the_index() -> None:
    index = (REPO / "docs" / "index.md").read_text(encoding="utf-8")
    missing = [
        page.name for page in MANUAL if page.name != "index.md" and f"({page.name})" not in index
    ]
    assert not missing, f"docs/index.md does not list {missing}"


@pytest.mark.slow
@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.name)
def test_examples_run(
    script: Path,
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", [str(script), *_arguments(script, workplace)])
    runpy.run_path(str(script), run_name="__main__")
    assert capsys.readouterr().out.strip()


def _arguments(script: Path, workplace: Path) -> list[str]:
    """What each example is called with; none when it needs nothing."""
    pictures = workplace / "Pictures"
    needs = {
        "search_photos.py": [os.fspath(pictures), "a red square"],
        "point_at_words.py": [os.fspath(pictures / "prague.png"), "a red square"],
        "paint_and_search.py": [os.fspath(workplace / "photos.pl"), "paintings.jpg"],
        "explain_hits.py": [os.fspath(workplace / "photos.pl"), "explained.jpg"],
    }
    kept = {"paint_and_search.py": "class_map", "explain_hits.py": "regions"}
    if script.name in kept:
        made = pl.Collection.create(workplace / "photos.pl", features=kept[script.name])
        made.add(pl.read_photos(pictures), workers=0)
    return needs.get(script.name, [])
