"""``placelens search``: what, near where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from placelens.cli import options
from placelens.cli import search_options as opt
from placelens.errors import InputError, ReadError

if TYPE_CHECKING:
    from placelens.results import Hits


def command(
    *,
    collection: options.CollectionArgument,
    words: opt.Words = None,
    text: opt.Text = None,
    without: opt.Without = None,
    image: opt.Image = None,
    like: opt.Like = None,
    parse: opt.Parse = True,
    near: opt.Near = None,
    decay: opt.Decay = None,
    mu: opt.Mu = 0.5,
    radius: opt.Radius = None,
    bbox: opt.Bbox = None,
    polygon: opt.PolygonFile = None,
    time: opt.Time = None,
    where: opt.Where = None,
    modality: opt.Modalities = None,
    located_only: opt.LocatedOnly = False,
    k: opt.K = 10,
    page: opt.Page = 1,
    cursor: opt.Cursor = None,
    format: opt.Format = None,
    null: opt.Null = False,
    output: opt.Output = None,
    force: opt.Force = False,
    csv_safe: options.CsvSafe = False,
    explain_plan: opt.ExplainPlan = False,
    engine: opt.Engine = None,
    recall_target: opt.RecallTarget = None,
    allow_download: options.AllowDownload = False,
) -> None:
    """Find items by words, example images and place, in one ranking."""
    from placelens.cli.console import notice
    from placelens.cli.output import choose_format, print_hits
    from placelens.cli.search_notes import notes_before, why_no_hits
    from placelens.collection import Collection

    chosen = choose_format("paths0" if null else format, output, otherwise="table")
    if csv_safe and chosen != "csv":
        raise InputError(f"--csv-safe is for CSV, not for {chosen}; leave it out or --format csv")
    conditions = options.attribute_filters(where) if where else {}
    terms = [options.weighted(phrase) for phrase in ([words] if words else []) + (text or [])]
    terms += [(phrase, -abs(weight)) for phrase, weight in map(options.weighted, without or ())]
    opened = Collection.open(collection, allow_download=allow_download)
    asked = partial(
        opened.search,
        terms or None,
        image=[options.weighted_path(file) for file in image or ()] or None,
        like=[options.weighted(name) for name in like or ()] or None,
        near=near,
        decay=options.with_unit(decay, "--decay"),
        mu=mu,
        k=k,
        bbox=options.bounding_box(bbox) if bbox else None,
        radius=options.with_unit(radius, "--radius"),
        polygon=options.geojson_file(polygon) if polygon else None,
        time=options.time_range(time) if time else None,
        where=conditions or None,
        modality=cast(Any, modality or None),
        located_only=located_only,
        parse=parse,
        engine=engine,
        recall_target=recall_target,
    )
    hits = _page(asked, page, cursor, images=image or ())
    for note in notes_before(hits, near=near, decay=decay, mu=mu, space=opened.space):
        notice(note)
    print_hits(
        hits,
        format=chosen,
        output=output,
        force=force,
        explain_plan=explain_plan,
        csv_safe=csv_safe,
    )
    if not hits:
        notice(why_no_hits(opened, conditions))
    elif hits.cursor and chosen == "table":
        notice(f"more with --cursor {hits.cursor}" if cursor else f"more with --page {page + 1}")


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
