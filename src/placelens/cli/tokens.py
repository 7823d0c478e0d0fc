"""``placelens tokens``: who may read and write over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from placelens.cli import completion, options
from placelens.cli.console import notice, print_facts, print_json, print_line
from placelens.cli.group import Command, Group

app = typer.Typer(
    cls=Group, help="Make, list and revoke tokens of the server.", no_args_is_help=True
)

TokenId = Annotated[
    str, typer.Argument(metavar="ID", help="As the list has it.", show_default=False)
]


@app.command("create", cls=Command)
def create(
    *,
    scope: Annotated[
        str,
        typer.Option(
            metavar="SCOPE",
            help="What it allows: read, or write.",
            autocompletion=completion.among(lambda: ("read", "write")),
        ),
    ] = "read",
    name: Annotated[str, typer.Option(metavar="NAME", help="Whose it is, for the list.")] = "",
    days: Annotated[
        float | None,
        typer.Option(metavar="N", help="How long it lasts; default: until it is revoked."),
    ] = None,
) -> None:
    """Make a token and print it, this once: what is kept is its hash."""
    from placelens.server.tokens import TokenFile

    lasts = None if days is None else timedelta(days=days)
    token, secret = TokenFile().create(scope, name=name, lasts=lasts)  # type: ignore[arg-type]
    print_line(secret)
    notice(f"{token.id} may {token.scope}; it is not shown again")


@app.command("list", cls=Command)
def list_all(*, as_json: options.JsonOption = False) -> None:
    """The tokens there are: their ids, not themselves."""
    from placelens.server.tokens import TokenFile

    tokens = [token.to_dict() for token in TokenFile().all()]
    if as_json:
        print_json(tokens)
        return
    print_facts([(token["id"], _in_words(token)) for token in tokens])
    if not tokens:
        notice("no tokens; make one with: placelens tokens create --scope write")


@app.command("rotate", cls=Command)
def rotate(token_id: TokenId) -> None:
    """Give a token another secret and print it; the one before is refused from now on."""
    from placelens.server.tokens import TokenFile

    token, secret = TokenFile().rotate(token_id)
    print_line(secret)
    notice(f"{token.id} may {token.scope}; the one before is refused from now on")


@app.command("revoke", cls=Command)
def revoke(token_id: TokenId) -> None:
    """Forget a token; running servers refuse it at once."""
    from placelens.server.tokens import TokenFile

    TokenFile().revoke(token_id)
    notice(f"revoked {token_id}")


def _in_words(token: dict[str, str | None]) -> str:
    parts = [token["scope"], token["name"], f"made {token['created']}"]
    if token["expires"]:
        parts.append(f"until {token['expires']}")
    return ", ".join(part for part in parts if part)
