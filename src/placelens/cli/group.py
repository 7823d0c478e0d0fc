"""How a command ends: exit codes, and messages instead of tracebacks.

0 done; 1 an error that the message explains; 2 wrong usage; 130 Ctrl-C; 141 the reader of our
output has gone, as ``head`` does when it has enough.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any

import click
import typer
from typer.core import TyperCommand, TyperGroup

from placelens.cli.console import complain, write_anything
from placelens.display import visible
from placelens.errors import PlacelensError

INTERRUPTED = 130  # 128 + SIGINT
READER_GONE = 141  # 128 + SIGPIPE


class Command(TyperCommand):
    """A command whose help speaks in words."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its parameters, ``--help`` among them."""
        return [in_words(parameter) for parameter in super().get_params(ctx)]


class Group(TyperGroup):
    """A command of commands whose help speaks in words."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its parameters, ``--help`` among them."""
        return [in_words(parameter) for parameter in super().get_params(ctx)]


class Commands(Group):
    """All commands: their errors are reported in one line."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run as a program does."""
        write_anything()
        return super().main(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # What is still buffered has nowhere to go; Python would complain when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(READER_GONE) from None
        except click.ClickException as wrong_usage:
            # It quotes what was typed, or what a pattern of the shell stood for.
            wrong_usage.message = visible(wrong_usage.message)  # type: ignore[misc]
            raise
        except KeyboardInterrupt as interrupt:
            complain(str(interrupt) or "interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except (PlacelensError, OSError) as error:
            if ctx.params.get("debug"):
                raise
            complain(f"error: {_in_words(error)}")
            raise typer.Exit(1) from None


def in_words(parameter: Any) -> Any:
    """A parameter whose help says what to write, and not the type that Python reads it as."""
    is_flag = getattr(parameter, "is_bool_flag", False)
    is_argument = parameter.param_type_name == "argument"
    words = None if is_flag or is_argument else parameter.metavar or _kind(parameter)
    parameter.display_type_rich = lambda ctx: words
    # Typer has no other place for it; without it ranges stay as Typer writes them.
    limits = getattr(parameter, "_get_number_range_help_str", str)()
    if limits and "x" in limits:
        parameter._get_number_range_help_str = lambda: _range_in_words(limits)
    return parameter


def _kind(parameter: Any) -> str:
    """What to write for an option that does not say it itself."""
    return {"int": "N", "float": "NUMBER", "Path": "PATH"}.get(parameter.bare_type(), "TEXT")


def _range_in_words(written: str) -> str:
    """``x>=1`` as "1 or more", ``0.0<=x<=1.0`` as "0 to 1"."""
    low, _, high = re.sub(r"\.0(?!\d)", "", written).partition("x")
    if low:
        return f"{low.rstrip('<=')} to {high.lstrip('<=')}"
    return f"{high.lstrip('>=')} or more" if high.startswith(">") else f"up to {high.lstrip('<=')}"


def _in_words(error: Exception) -> str:
    """The message; for the operating system's errors, the reason and the file."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__
