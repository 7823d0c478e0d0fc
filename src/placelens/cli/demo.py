"""``placelens demo``: the whole job on imagery of the Earth, without a network."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from placelens.cli import options
from placelens.cli.console import count, print_json, say, stderr

if TYPE_CHECKING:
    from placelens.demo.hit_rates import HitRate
    from placelens.demo.run import DemoProgress, DemoResult

_SHOWN = 3  # hits of each question


def command(
    to: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where tiles, collection and page go.")
    ] = Path("demo"),
    encoder: Annotated[str, typer.Option(help="See placelens encoders.")] = "lite",
    as_json: options.JsonOption = False,
) -> None:
    """Cut NASA's Blue Marble into tiles, index them with texts, search, and write a page."""
    from placelens.demo.run import run_demo

    with _progress() as progress:
        result = run_demo(to, encoder=encoder, progress=progress)
    if as_json:
        print_json(result.to_dict())
    else:
        say("\n".join(_lines(result)))


@contextmanager
def _progress() -> Iterator[DemoProgress]:
    """One bar a stage; without a terminal, one line a stage."""
    from rich.progress import MofNCompleteColumn, Progress

    console = stderr()
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
                if not console.is_terminal:
                    console.print(f"{stage} ...")
            bar.update(tasks[stage], completed=done, total=total)

        yield show


def _lines(result: DemoResult) -> Iterator[str]:
    """What was asked and found, how often that is right, and where to go on."""
    for answer in result.answers:
        yield f"\n{answer.direction}: {answer.question}"
        yield repr(answer.hits[:_SHOWN])
    yield from ("", *_rates(result.rates), "")
    tiles, texts = count(result.n_tiles, "tile"), count(result.n_texts, "text")
    yield f"{tiles} and {texts} in {result.seconds:.0f} s; the page with pictures: {result.page}"
    yield f"open the web app on the same collection with: {_ourselves()} serve {result.collection}"


def _ourselves() -> str:
    """How to type this command: its path when the shell would not find it by name."""
    typed = Path(sys.argv[0])
    found = shutil.which("placelens")
    if typed.name != "placelens" or (found is not None and Path(found).samefile(typed)):
        return "placelens"
    return str(typed)


def _rates(rates: tuple[HitRate, ...]) -> Iterator[str]:
    tops = list(rates[0].top)
    yield "a right answer among the first" + "".join(f"{top:>8}" for top in tops)
    for rate in rates:
        name = f"{rate.direction}, mu {rate.mu:g}"
        yield f"  {name:28}" + "".join(f"{rate.top[top]:8.0%}" for top in tops)
        if rate.mu == 0:
            yield f"  {'  by chance':28}" + "".join(f"{rate.chance[top]:8.0%}" for top in tops)
