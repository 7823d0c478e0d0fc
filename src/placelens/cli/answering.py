"""What the commands that search print of an answer, and the options that say how."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from placelens.cli import options
from placelens.cli import search_options as opt
from placelens.errors import InputError

if TYPE_CHECKING:
    from placelens.collection import Collection
    from placelens.results import Hits


@dataclass(frozen=True, slots=True, kw_only=True)
class Printing:
    """How an answer is to be printed: each field is an option, of the type that it has here."""

    format: opt.Format = None
    output: opt.Output = None
    force: opt.Force = False
    csv_safe: options.CsvSafe = False
    open_it: opt.OpenIt = False
    why: opt.Why = None
    explain: opt.Explain = False
    explain_to: opt.ExplainTo = None
    explain_plan: opt.ExplainPlan = False

    def chosen(self, *, null: bool = False) -> str:
        """The format; ``null`` asks for paths ended by NUL.

        Raises
        ------
        InputError
            If there is no such format, or options contradict each other.
        """
        from placelens.cli.output import choose_format

        is_shown = self.open_it and self.output is None
        wanted = "paths0" if null else self.format or ("html" if is_shown else None)
        chosen = choose_format(wanted, self.output, otherwise="table", opened=self.open_it)
        if self.csv_safe and chosen != "csv":
            raise InputError(
                f"--csv-safe is for CSV, not for {chosen}; leave it out or --format csv"
            )
        return chosen


def takes_printing(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `Printing` in the place of its parameter ``printing``."""
    own = inspect.signature(command, eval_str=True).parameters
    spread = inspect.signature(Printing, eval_str=True).parameters.values()
    parameters = [
        parameter
        for declared in own.values()
        for parameter in (spread if declared.name == "printing" else [declared])
    ]
    names = [field.name for field in fields(Printing)]

    @wraps(command)
    def with_options(**given: Any) -> None:
        printing = Printing(**{name: given.pop(name) for name in names})
        command(**given, printing=printing)

    # Where Typer, and who adds more options, look for a command's parameters.
    told: Any = with_options
    told.__signature__ = inspect.Signature(parameters)
    told.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_options


def print_answer(
    hits: Hits,
    opened: Collection,
    printing: Printing,
    *,
    format: str,
    near: str | None,
    decay: str | None,
    mu: float,
    more: str,
) -> None:
    """Print what was understood, then why one hit is there, or all of them.

    Parameters
    ----------
    format
        As `Printing.chosen` says.
    near, decay, mu
        As they were written.
    more
        How to ask for the next page.
    """
    from placelens.cli.console import notice, say
    from placelens.cli.output import print_hits
    from placelens.cli.search_notes import notes_before, why_no_hits

    for note in notes_before(hits, near=near, decay=decay, mu=mu, space=opened.space):
        notice(note)
    if printing.why is not None:
        say(str(hits.explain(printing.why)))
        return
    if printing.explain_to is not None:
        _draw(hits, printing.explain_to, force=printing.force)
    if printing.explain and hits:
        say("\n\n".join(map(str, hits.explain_all())))
    else:
        print_hits(
            hits,
            format=format,
            output=printing.output,
            force=printing.force,
            explain_plan=printing.explain_plan,
            csv_safe=printing.csv_safe,
            open_it=printing.open_it,
        )
    if not hits:
        notice(why_no_hits(opened))
    elif hits.cursor and format == "table":
        notice(f"more with {more}")


def _draw(hits: Hits, folder: Path, *, force: bool) -> None:
    """Write the pictures of hits that have one, named by their ranks."""
    from placelens.cli.console import notice
    from placelens.export.explained import explained_picture

    seen = [each for each in hits.explain_all() if each.thumbnail is not None]
    files = [folder / _name(each.hit.rank) for each in seen]
    if not force and any(file.exists() for file in files):
        raise InputError(f"{folder} holds such pictures already; give --force to replace them")
    folder.mkdir(parents=True, exist_ok=True)
    for explanation, file in zip(seen, files, strict=True):
        explained_picture(explanation).save(file)
    notice(f"{len(seen)} pictures in {folder}")


def _name(rank: int) -> str:
    return f"hit-{rank:03}.png"
