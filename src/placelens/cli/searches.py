"""``placelens searches``: the searches that a collection keeps under names."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from placelens.cli import completion, options

# Characters of a search as it is listed.
_LONGEST = 200


def command(
    collection: options.CollectionArgument,
    *,
    forget: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Forget the search of this name.",
            autocompletion=completion.searches,
        ),
    ] = None,
    as_json: options.JsonOption = False,
) -> None:
    """List the searches saved in a collection; search --save and --saved keep and ask them."""
    from placelens.cli.console import notice, print_facts, print_json
    from placelens.collection import Collection
    from placelens.display import visible
    from placelens.errors import InputError

    opened = Collection.open(collection)
    if forget is not None:
        if not opened.forget_search(forget):
            raise InputError(_unknown(opened, forget))
        notice(f"forgot {visible(forget)}")
        return
    kept = opened.saved_searches
    if as_json:
        print_json(kept)
        return
    print_facts([(visible(name), _in_words(search)) for name, search in kept.items()])
    if not kept:
        notice(f"no searches yet; keep one with: placelens search {collection} TEXT --save NAME")


def saved(opened: Any, name: str) -> dict[str, Any]:
    """The arguments of the search of a name.

    Raises
    ------
    InputError
        If there is none.
    """
    from placelens.errors import InputError

    kept: dict[str, dict[str, Any]] = opened.saved_searches
    if name not in kept:
        raise InputError(_unknown(opened, name))
    return kept[name]


def _unknown(opened: Any, name: str) -> str:
    from placelens.display import shown

    return f"{opened.path} has no search {shown(name)}; placelens searches {opened.path} lists them"


def _in_words(search: dict[str, Any]) -> str:
    """Its words first, then what else it says."""
    import json

    from placelens.display import cut, visible

    query = search.get("query", "")
    words = query if isinstance(query, str) else json.dumps(query, ensure_ascii=False)
    rest = (
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in search.items()
        if name != "query"
    )
    return visible(cut("  ".join(part for part in (words, *rest) if part), _LONGEST))
