"""How a command ends: exit codes, and messages instead of tracebacks.

0 done; 1 an error that the message explains; 2 wrong usage; 130 Ctrl-C; 141 the reader of our
output has gone, as ``head`` does when it has enough.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import click
import typer
from typer.core import TyperGroup

from placelens.cli.console import complain
from placelens.display import visible
from placelens.errors import PlacelensError

INTERRUPTED = 130  # 128 + SIGINT
READER_GONE = 141  # 128 + SIGPIPE


class Commands(TyperGroup):
    """A group whose commands report errors in one line."""

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


def _in_words(error: Exception) -> str:
    """The message; for the operating system's errors, the reason and the file."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__
