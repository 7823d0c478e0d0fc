"""``placelens search``: what, near where."""

from __future__ import annotations

from typing import Any, cast

from placelens.cli import options
from placelens.cli import search_options as opt


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
    cursor: opt.Cursor = None,
    format: opt.Format = None,
    null: opt.Null = False,
    output: opt.Output = None,
    force: opt.Force = False,
    explain_plan: opt.ExplainPlan = False,
) -> None:
    """Find items by words, example images and place, in one ranking."""
    from placelens.cli.output import choose_format, print_hits
    from placelens.collection import Collection

    chosen = choose_format("paths0" if null else format, output, otherwise="table")
    terms = [*([words] if words else []), *map(options.weighted, text or ())]
    terms += [(phrase, -abs(weight)) for phrase, weight in map(options.weighted, without or ())]
    hits = Collection.open(collection).search(
        terms or None,
        image=[options.weighted_path(file) for file in image or ()] or None,
        like=[options.weighted(name) for name in like or ()] or None,
        near=near,
        decay=decay,
        mu=mu,
        k=k,
        bbox=options.bounding_box(bbox) if bbox else None,
        radius=radius,
        polygon=options.geojson_file(polygon) if polygon else None,
        time=options.time_range(time) if time else None,
        where=options.attribute_filters(where) if where else None,
        modality=cast(Any, modality or None),
        located_only=located_only,
        parse=parse,
        cursor=cursor,
    )
    print_hits(hits, format=chosen, output=output, force=force, explain_plan=explain_plan)
