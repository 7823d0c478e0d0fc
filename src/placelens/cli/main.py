"""The ``placelens`` command: which commands there are, and how their errors end."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Annotated

import typer

from placelens.cli.console import Warnings
from placelens.cli.group import Command, Commands
from placelens.cli.startup import leave_pandas_aside

# One file a command, in the order in which --help lists them.
COMMANDS = (
    "index",
    "search",
    "searches",
    "sketch",
    "show",
    "stats",
    "timeline",
    "words",
    "export",
    "proposals",
    "serve",
    "tokens",
    "delete",
    "snapshot",
    "restore",
    "compact",
    "quantize",
    "check",
    "repair",
    "migrate",
    "encoders",
    "models",
    "eval",
    "calibrate",
    "train",
    "bench",
    "demo",
)

app = typer.Typer(
    name="placelens",
    cls=Commands,
    help="Find photos, satellite images and texts by what they show and where they are.",
    epilog="Start with: placelens index ~/Pictures --to photos.pl",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"placelens {version('placelens')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="PLACELENS_DEBUG", help="Show tracebacks of errors.")
    ] = False,
) -> None:
    """What comes before the command."""
    logging.getLogger("placelens").handlers = [Warnings(logging.WARNING)]
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


for name in COMMANDS:
    module = import_module(f"placelens.cli.{name}")
    if hasattr(module, "app"):  # a command of commands
        app.add_typer(module.app, name=name)
    else:
        settings = getattr(module, "CONTEXT", None)
        kind = getattr(module, "KIND", Command)
        app.command(name, cls=kind, context_settings=settings)(module.command)


def run() -> None:
    """Entry point of the installed command."""
    leave_pandas_aside()
    app()
