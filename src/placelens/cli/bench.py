"""``placelens bench``: the benchmarks, which are a distribution of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from placelens.cli.group import Command

# The entry point of placelens-bench: the function that is the command.
GROUP, NAME = "placelens.bench", "command"
# Whatever is asked of the benchmarks, the answer is how to install them.
CONTEXT: Mapping[str, Any] = {"ignore_unknown_options": True, "allow_extra_args": True}


class CommandElsewhere(Command):
    """The command as an installed distribution offers it; where there is none, this one."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Find it only now: that takes longer than many a command."""
        found = installed_command()
        make = super().make_context if found is None else found.make_context
        return make(*arguments, **options)


KIND = CommandElsewhere


def installed_command() -> Any:
    """The command of placelens-bench; None when it is not installed."""
    from importlib.metadata import entry_points

    for entry in entry_points(group=GROUP, name=NAME):
        app = typer.Typer(add_completion=False, rich_markup_mode="rich")
        app.command("bench", cls=Command)(entry.load())
        return typer.main.get_command(app)
    return None


def command() -> None:
    """Measure speed and quality; every figure in the documentation comes from here.

    The benchmarks are a distribution of their own, placelens-bench, which is not installed here;
    without --help the command says how to install it.
    """
    from placelens.errors import MissingExtraError

    raise MissingExtraError("placelens bench", distribution="placelens-bench")
