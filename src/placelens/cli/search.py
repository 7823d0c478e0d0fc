"""``placelens search``: what, near where; or, with limits alone, what passes them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from placelens.cli import options
from placelens.cli import search_options as opt
from placelens.cli.answering import Printing, print_answer, takes_printing
from placelens.cli.limits import Limits, takes_limits
from placelens.cli.searches import saved as saved_search
from placelens.errors import InputError, ReadError

if TYPE_CHECKING:
    from placelens.results import Hits

WRONG_USAGE = 2
# So that words without quotes can be answered with what to write.
CONTEXT = {"allow_extra_args": True}


@takes_limits
@takes_printing
def command(
    context: typer.Context,
    *,
    collection: options.CollectionArgument,
    words: opt.Words = None,
    text: opt.Text = None,
    without: opt.Without = None,
    image: opt.Image = None,
    like: opt.Like = None,
    term: opt.TermOption = None,
    vector: opt.Vector = None,
    saved: opt.Saved = None,
    similarity: opt.Similarity = None,
    hubs: opt.Hubs = True,
    delta: opt.Delta = None,
    parse: opt.Parse = True,
    near: opt.Near = None,
    decay: opt.Decay = None,
    mu: opt.Mu = 0.5,
    limits: Limits,
    k: opt.K = 10,
    page: opt.Page = 1,
    cursor: opt.Cursor = None,
    null: opt.Null = False,
    save: opt.Save = None,
    printing: Printing,
    engine: opt.Engine = None,
    recall_target: opt.RecallTarget = None,
    allow_download: options.AllowDownload = False,
) -> None:
    """Find items by words, example images and place, in one ranking; or list what passes limits."""
    from placelens.cli.console import notice, waiting
    from placelens.cli.vectors import weighted_vector
    from placelens.collection import Collection
    from placelens.display import visible

    _refuse_unquoted(context, words)
    chosen = printing.chosen(null=null)
    terms: list[tuple[Any, float]] = [
        options.weighted(phrase) for phrase in ([words] if words else []) + (text or [])
    ]
    terms += [(phrase, -abs(weight)) for phrase, weight in map(options.weighted, without or ())]
    terms += [options.term(written) for written in term or ()]
    opened = Collection.open(collection, allow_download=allow_download)
    asked: dict[str, Any] = dict(
        query=terms or None,
        image=[options.weighted_path(file) for file in image or ()] or None,
        like=[options.weighted(name) for name in like or ()] or None,
        vector=[weighted_vector(each) for each in vector or ()] or None,
        similarity=similarity,
        hubs=hubs,
        delta=delta,
        decay=options.with_unit(decay, "--decay"),
        mu=mu,
        k=k,
        parse=parse,
        engine=engine,
        recall_target=recall_target,
        **limits,
    )
    if saved is not None:
        asked = {**saved_search(opened, saved), **_given(asked)}
    if _asks_encoder(asked):
        with waiting(f"loading the encoder {opened.encoder_name}"):
            _ = opened.encoder
    with waiting("searching; a machine's first search, and one in an area, may take some seconds"):
        hits = _page(partial(opened.search, **asked), page, cursor, images=image or ())
    if save is not None:
        opened.save_search(save, **asked)
        notice(f"saved as {visible(save)}; ask it again with --saved")
    print_answer(
        hits,
        opened,
        printing,
        format=chosen,
        near=asked.get("near"),
        decay=asked.get("decay"),
        mu=asked.get("mu", 0.5),
        more=f"--cursor {hits.cursor}" if cursor else f"--page {page + 1}",
    )


def _refuse_unquoted(context: typer.Context, words: str | None) -> None:
    """Words after the first are not options: the quotes were left out."""
    from placelens.cli.console import complain

    if context.args:
        meant = shlex.quote(" ".join([words or "", *context.args]))
        complain(
            f"error: there is more behind the word {words!r}; put the question in quotes: "
            f"placelens search {context.params['collection']} {meant}"
        )
        raise typer.Exit(WRONG_USAGE)


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    """What was asked for, without what was left as it is."""
    from placelens.query.request import SearchRequest

    defaults = {each.name: each.default for each in fields(SearchRequest)}
    return {
        name: value
        for name, value in asked.items()
        if value is not None and value != defaults[name]
    }


def _asks_encoder(asked: dict[str, Any]) -> bool:
    """Whether words or images are asked with."""
    query = asked.get("query") or []
    terms = [query] if isinstance(query, str) else query
    return bool(asked.get("image")) or any(
        isinstance(each[0] if isinstance(each, tuple) else each, str) for each in terms
    )


def _page(
    asked: Callable[..., Hits], page: int, cursor: str | None, *, images: Sequence[str]
) -> Hits:
    """The page asked for, by going from cursor to cursor."""
    if cursor is not None and page > 1:
        raise InputError("--page counts from the first hit; give it or --cursor, not both")
    try:
        hits = asked(cursor=cursor)
        for number in range(2, page + 1):
            if hits.cursor is None:
                raise InputError(f"there is no page {page}; the hits end with page {number - 1}")
            hits = asked(cursor=hits.cursor)
    except ReadError as error:
        raise InputError(f"--image {', '.join(images)}: {error}") from error
    return hits
