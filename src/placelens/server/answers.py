"""What the REST API answers, field by field: the library's classes, by their own names, as JSON.

Most are what a class's ``to_dict`` gives, with links added. The page's types are made of these;
tests hold them against what the library and the server really give.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from placelens.engine.query import Similarity
from placelens.geo.relations import Relation
from placelens.limits import MAX_CLUSTERS
from placelens.types import FeatureKind, FeatureName, PlaceSource, ProposalState, Space

__all__ = [
    "AttributeValue",
    "ClassMap",
    "Clusters",
    "CollectionSummary",
    "Config",
    "DetectedObject",
    "Encoder",
    "Evidence",
    "Explanation",
    "Health",
    "Heat",
    "HeatCell",
    "Hit",
    "Invalid",
    "Item",
    "ItemFeature",
    "ItemList",
    "Job",
    "JobSummary",
    "Palette",
    "PlaceChoice",
    "Points",
    "Problem",
    "Proposal",
    "ProposalList",
    "SavedSearch",
    "SearchAnswer",
    "Shown",
    "ShownItem",
    "ShownWord",
    "Stats",
    "TermKind",
    "Timeline",
    "Towns",
    "UploadKept",
    "WordCount",
]

Scalar = str | int | float | bool | None
Bounds = tuple[float, float, float, float]
"""West, south, east, north; west > east crosses the antimeridian."""


class Item(BaseModel):
    """An item; a plane collection's items have ``x`` and ``y`` for ``lat`` and ``lon``."""

    id: str
    title: str
    image: str | None
    text: str | None
    lat: float | None = None
    lon: float | None = None
    x: float | None = None
    y: float | None = None
    place_source: PlaceSource | None
    place_radius_m: float | None = Field(description="How far off the place may be.")
    time: str | None
    width: int | None
    height: int | None
    attributes: dict[str, Scalar | list[Scalar]]
    thumbnail_url: str | None
    image_url: str | None


class ItemFeature(BaseModel):
    """What an item has of a feature: its numbers, and of a class map what its cells show."""

    name: FeatureName
    kind: FeatureKind
    shape: list[int] | None = Field(description="Of a map: height, width, and channels if any.")
    values: Any = Field(
        description="A number, a vector, or the bytes of a map, nested by its shape; of several "
        "vectors an object with `vectors` and `boxes`, of objects one with `boxes` (shares of the "
        "image's sides), `classes` (places in the field of that name) and `scores`."
    )
    classes: list[str] | None = Field(
        description="Of a class map: what the numbers in `cells` stand for, the last being other; "
        "of objects those of their classes."
    )
    colours: list[str] | None = Field(
        description="Of a class map: a colour for each of `classes`, as `#rrggbb`."
    )
    cells: list[list[int]] | None = Field(
        description="The class of each cell, row by row from the top; -1 where none is probable "
        "enough."
    )
    confidence: list[list[float]] | None = Field(
        description="How probable the likeliest class of each cell is, in [0, 1]."
    )


class PaintedClass(BaseModel):
    """What may be painted, and in which colour."""

    name: str
    colour: str = Field(description="As `#rrggbb`; pictures that were painted are read by it.")


class Palette(BaseModel):
    """What may be painted in a collection."""

    feature: FeatureName
    classes: list[PaintedClass]
    rows: int = Field(description="Of the class maps that sketches are compared with.")
    columns: int
    n_items: int = Field(description="How many items have such a map.")


class ClassMap(BaseModel):
    """What the cells of a picture show."""

    classes: list[str]
    map: str | None = Field(
        None,
        description="rows x columns x classes bytes as base64, 255 times each probability; a "
        "sketch takes it in its field `over`. None of a painting.",
    )
    cells: list[list[int]] = Field(
        description="A class's number, as many as there are classes for any other, -1 where none "
        "is probable, or was painted."
    )
    confidence: list[list[float]] | None = Field(
        None, description="How probable that is, in [0, 1]; None of a painting."
    )


class ListedItem(Item):
    """An item of a list."""

    distance_m: float | None = Field(description="From `near`, where that was given.")


class NothingNear(BaseModel):
    """That nothing which passes the filters lies near the place asked for."""

    within_m: float | None = Field(
        description="What counts as near: the radius, or as far as the decay reaches; null for a "
        "decay without a scale."
    )
    nearest_m: float | None = Field(
        description="How far away the nearest is; null when nothing that passes has a place."
    )


class ItemList(BaseModel):
    """A page of the items that pass the filters."""

    items: list[ListedItem]
    n_items: int = Field(description="How many pass, on all pages together.")
    notes: list[str] = Field(
        description="In words, attributes and values of `where` that no item has; that nothing is "
        "near."
    )
    nothing_near: NothingNear | None = Field(
        description="Where `radius` leaves nothing; null elsewhere."
    )
    cursor: str | None = Field(description="For the next page; null on the last.")


class KeptPicture(BaseModel):
    """What a picture is called that was sent to be asked with."""

    handle: str = Field(description="For `images` of a search.")


class Period(BaseModel):
    """A month or a day, and how many items are from it."""

    period: str = Field(
        description="Like 2019-06 or 2019-06-30, of the wall clock where an item was taken."
    )
    n_items: int


class Timeline(BaseModel):
    """Periods that items are from; those that nothing is from are left out."""

    by: Literal["month", "day"]
    periods: list[Period] = Field(description="The oldest first.")
    n_undated: int = Field(description="Items that pass and have no time.")


class WordCount(BaseModel):
    """A word, and how many items show it."""

    word: str
    n_items: int


class ShownWord(BaseModel):
    """A word in a picture."""

    word: str
    weight: float = Field(description="About how probably a caption would name it, in [0, 1].")
    box: tuple[int, int, int, int] | None = Field(
        description="Left, top, right and bottom of the region that shows it best, in pixels of "
        "the original image; None where its size is not known."
    )


class ShownItem(BaseModel):
    """An item that shows all that was asked for."""

    id: str
    weight: float = Field(description="The least of its words'.")
    words: list[ShownWord]


class Shown(BaseModel):
    """Which pictures show something, and where."""

    read_as: dict[str, str] = Field(description="What each phrase was taken for.")
    n_items: int = Field(description="How many show all of it; `items` are the first of them.")
    items: list[ShownItem]


class Cluster(BaseModel):
    """Two items or more of one cell of the map."""

    n_items: int
    lat: float = Field(description="The mean of the items' latitudes; `lon` likewise.")
    lon: float
    bounds: Bounds = Field(description="Of the items; never across the antimeridian.")
    id: str = Field(description="Of the newest item, or the one added first if none has a time.")


class Single(BaseModel):
    """An item that is alone in its cell."""

    id: str
    lat: float
    lon: float


class Clusters(BaseModel):
    """What a view of the map shows, in cells of 64 pixels, a tile being 512 wide."""

    zoom: int = Field(
        description=f"Of the grid: as asked for, or lower where there would be more than "
        f"{MAX_CLUSTERS:,} clusters and single items."
    )
    n_items: int = Field(description="All items in the cells that the view touches.")
    clusters: list[Cluster] = Field(
        max_length=MAX_CLUSTERS, description=f"At most {MAX_CLUSTERS:,}, together with `items`."
    )
    items: list[Single] = Field(
        max_length=MAX_CLUSTERS, description="Those that are alone in their cells."
    )


class SavedSearch(BaseModel):
    """A search that the collection keeps."""

    name: str
    search: dict[str, Any] = Field(description="As `POST .../search` takes it.")


class HeatCell(BaseModel):
    """A cell of the map, and how well what lies in it fits a search."""

    n_items: int = Field(description="How many have a score.")
    lat: float = Field(description="The middle of the cell on the map; `lon` likewise.")
    lon: float
    bounds: Bounds = Field(description="The edges of the cell.")
    best: float = Field(description="The highest score in it.")
    mean: float = Field(description="The mean of its three highest, or of all if they are fewer.")
    id: str = Field(description="Of the item with the highest.")


class Heat(BaseModel):
    """Where in a view of the map the scores of a search lie, in cells of 32 pixels."""

    zoom: int = Field(
        description=f"Of the grid: as asked for, or lower where there would be more than "
        f"{MAX_CLUSTERS:,} cells."
    )
    n_items: int = Field(description="All items with a score in the cells that the view touches.")
    median: float | None = Field(
        description="Of the scores of all located items that pass, in the view or not; null where "
        "there are none. `highest` likewise."
    )
    highest: float | None
    cells: list[HeatCell] = Field(max_length=MAX_CLUSTERS, description="The best first.")


class ScoreTerm(BaseModel):
    """One summand of a score: contribution = weight * value."""

    kind: str = Field(description="place, or what was compared: text, image or vector.")
    label: str
    weight: float
    value: float
    contribution: float
    cosine: float | None
    correction: float | None = Field(
        description="What the cosine loses because the item is near every query."
    )
    baseline: float | None = Field(description="The value that a cosine of 0, corrected, has.")


class DetectedObject(BaseModel):
    """One thing that a detector found in an image."""

    label: str = Field(description="The name of its class.")
    score: float = Field(description="How sure the detector is, in [0, 1].")
    box: tuple[int, int, int, int] = Field(
        description="Left, top, right, bottom in pixels of the original image."
    )


class Evidence(BaseModel):
    """What speaks for a match."""

    kind: str
    label: str
    share: float | None = Field(
        description="Its part of the whole, in [0, 1]; below 0 for what speaks against it."
    )
    of: str | None = Field(description="Label of the term that it speaks for.")
    span: tuple[int, int] | None = Field(description="Characters of the words, end excluded.")
    box: tuple[int, int, int, int] | None = Field(
        description="Left, top, right, bottom in pixels of the original image."
    )
    heat: tuple[tuple[float, ...], ...] | None = Field(
        description="What each cell of a grid over the image adds to `share`, row by row."
    )
    contribution: float | None = Field(description="What it adds to the score.")
    detected: DetectedObject | None = Field(
        description="The object of a detector that a phrase means, whose box this is."
    )


class Hit(Item):
    """An item found, with its score and every term of it; a list has neither."""

    rank: int
    score: float | None = Field(description="Null in a list, which nothing ranks.")
    distance_m: float | None
    matched: FeatureName | None
    terms: list[ScoreTerm]
    evidence: list[Evidence] = Field(
        description="In collections of concepts those shared with the query, the largest first."
    )


class PlaceChoice(BaseModel):
    """A place that a name may mean; ``label`` tells it apart from others of the name."""

    name: str
    kind: str
    country: str
    admin: str | None
    lat: float
    lon: float
    population: int
    label: str


class PlaceMention(PlaceChoice):
    """A place found in the words: what it was taken for, and what else it may mean."""

    phrase: str = Field(description='All that stood for it: "near Paris, Texas".')
    relation: Relation
    radius_m: float | None = Field(description="Set where the words gave a distance.")
    negated: bool = Field(description='Whether it asks for what is not there: "not in Lyon".')
    words: str = Field(description='The mention in words: "not in Lyon, France".')
    choices: list[PlaceChoice] = Field(description="The likeliest, which was taken, first.")


class TimeMention(BaseModel):
    """A time that the words name."""

    phrase: str
    words: str = Field(description="What it was taken for, in words.")
    negated: bool
    spans: list[tuple[str, str]] = Field(
        description="From, up to but not including; ISO 8601. Empty for what comes every year."
    )


class Unread(BaseModel):
    """A phrase that may name a place or time and was left to the words, and why."""

    phrase: str
    reason: str


class Offer(BaseModel):
    """What a phrase might mean, too uncertain to act on, and what to write for that."""

    phrase: str
    write: str
    label: str


class LatLon(BaseModel):
    """A point on the sphere, in degrees."""

    lat: float
    lon: float


class Understood(BaseModel):
    """What was understood of the words: what is left of them, places, and times."""

    text: str
    mentions: list[PlaceMention]
    times: list[TimeMention]
    near: LatLon | None
    decay: str | None
    bounds: Bounds | None = Field(description="Of the area that hits must lie in.")
    unread: list[Unread]
    offers: list[Offer]
    description: str


class TreeShape(BaseModel):
    """Items in trees, the trees they are in, and items that are searched beside them."""

    n_items: int
    n_trees: int
    n_loose: int


class Plan(BaseModel):
    """Which index answered, the reason in words, and the numbers the choice rests on."""

    engine: str
    reason: str
    n_items: int
    n_allowed: int = Field(description="How many items pass the filters.")
    similarity: Similarity | None
    is_corrected: bool = Field(description="Whether cosines were corrected for hubs.")
    tree: TreeShape | None
    reach: str | None = Field(description="How far near reached, where the collection decided it.")
    reranker: str | None = Field(description="What ordered the first hits anew.")


class Certificate(BaseModel):
    """Why no better item was missed: none that was not looked at scores above ``bound``."""

    kind: Literal["proven", "probability", "recall", "approximate"]
    bound: float | None = Field(description="Null when all were looked at.")
    n_nodes: int
    n_items: int


class Explanation(BaseModel):
    """Why an item ranks where it does: its score's terms, the hit above, what speaks for it."""

    hit: Hit
    above: Hit | None
    evidence: list[Evidence]
    text: str = Field(description="All of it in words, line by line.")


class TermKind(BaseModel):
    """A kind of thing that can be looked for."""

    name: str
    what: str
    example: Any
    field: str | None = Field(description="The field of a search for it; None: in `terms` only.")


class SearchAnswer(BaseModel):
    """Hits, best first, with what was understood and how sure the order is."""

    hits: list[Hit]
    understood: Understood | None
    evidence: list[Evidence] = Field(
        description="In collections of concepts, what was asked with was taken for these."
    )
    plan: Plan | None
    certificate: Certificate | None
    answerable: float | None = Field(
        description="The probability that something here shows what was asked for, in [0, 1]; told "
        "for one text, on the first page."
    )
    doubt: str | None = Field(description="In words, when nothing here is a good match.")
    notes: list[str] = Field(
        description="In words: that nothing is near, phrases that were left to the words, and why; "
        "attributes and values of `where` that no item has."
    )
    nothing_near: NothingNear | None = Field(
        description="Set on the first page where nothing lies near the place asked for."
    )
    cursor: str | None
    elapsed_ms: float


class Position(BaseModel):
    """A point: ``lat`` and ``lon`` in degrees; ``x`` and ``y`` in metres in a plane collection."""

    lat: float | None = None
    lon: float | None = None
    x: float | None = None
    y: float | None = None


class Proposal(BaseModel):
    """Where an item may be, as somebody or something has estimated it, and what became of that."""

    id: str
    item_id: str
    place: Position = Field(description="What is proposed.")
    radius_m: float | None = Field(description="How far from it the item may be.")
    confidence: float | None = Field(
        description="How probable it is that it lies within, in [0, 1]."
    )
    evidence: str | None = Field(description="What it rests on, in words.")
    state: ProposalState
    previous: Position | None = Field(
        description="Where the item was when it was accepted; null when it had no place."
    )
    time: str = Field(description="When it was made, ISO 8601.")
    item: Item = Field(description="What it is about, as it is now.")


class ProposalCounts(BaseModel):
    """How many proposals are in each state."""

    open: int
    accepted: int
    rejected: int


class ProposalList(BaseModel):
    """A page of the proposals in a state, or of all."""

    proposals: list[Proposal]
    counts: ProposalCounts = Field(description="Of the collection, on all pages together.")
    cursor: str | None = Field(description="For the next page; null on the last.")


class CollectionSummary(BaseModel):
    """A collection's name and size."""

    name: str
    n_items: int
    space: Space
    encoder: str | None


class Stats(BaseModel):
    """Counts, extent in space and time, encoder, version and snapshots of a collection."""

    name: str
    n_items: int
    n_images: int
    n_texts: int
    n_located: int
    n_with_time: int
    bounds: Bounds | None
    time_range: tuple[str, str] | None = Field(description="First and last, ISO 8601.")
    encoder: str | None
    fingerprint: str | None
    concepts: list[str]
    dim: int
    space: Space
    modalities: list[FeatureName]
    feature_bytes: dict[FeatureName, int | None] = Field(
        description="What each feature takes of an item; null where that differs."
    )
    size_bytes: int
    version: int
    created: str
    snapshots: dict[str, int]
    attributes: dict[str, int] = Field(description="How many items have each, most frequent first.")
    derived_attributes: list[str] = Field(
        description="Attributes of every picture that no item states: its folder and file."
    )


class Config(BaseModel):
    """What the page needs to know before it asks anything else."""

    version: str
    collections: list[str]
    tile_url: str | None
    writes: bool = Field(description="Whether collections may be changed.")
    writing_needs_token: bool = Field(description="Whether only those with a token for it may.")
    export_formats: list[str] = Field(description="For `format` of `POST .../export`.")


class Encoder(BaseModel):
    """A family of encoders; what is missing cannot be told without a download."""

    name: str = Field(description="What to write, with the variable part in brackets.")
    summary: str
    installed: bool
    install: str | None = Field(None, description="The command, when it is not installed.")
    dim: int | None = None
    fingerprint: str | None = None
    size_bytes: int | None = None
    licence: str | None = None
    languages: str | None = None
    needs: str | None = None


class Points(BaseModel):
    """All located items, in columns; ``x`` and ``y`` for ``lon`` and ``lat`` on a plane."""

    ids: list[str]
    lon: list[float] | None = None
    lat: list[float] | None = None
    x: list[float] | None = None
    y: list[float] | None = None
    n_located: int = Field(description="More than len(ids) when only a sample is given.")


class Towns(BaseModel):
    """Towns in columns, the largest first."""

    names: list[str]
    lon: list[float]
    lat: list[float]
    population: list[int]


class AttributeValue(BaseModel):
    """A value of an attribute, and how many items have it."""

    value: Scalar
    n_items: int


JobState = Literal["queued", "running", "paused", "done", "failed", "cancelled"]


class JobSummary(BaseModel):
    """An import, and how far it is."""

    id: str
    collection: str
    state: JobState
    created: str
    started: str | None
    finished: str | None
    n_total: int | None = Field(description="Files and rows to take in; null until all are found.")
    n_done: int = Field(description="How many were looked at, those that are there already too.")
    n_errors: int = Field(description="How many files could not be taken.")
    detail: str | None = Field(description="In words, why it failed.")


class JobError(BaseModel):
    """A file that could not be taken, and why."""

    file: str
    reason: str


class Job(JobSummary):
    """The same with the files that could not be taken."""

    errors: list[JobError] = Field(description="1,000 at most; `n_errors` counts all.")


class UploadKept(BaseModel):
    """A picture that was kept, and is not taken in yet."""

    upload: str = Field(description="Its name, for `uploads` of a job.")


class Health(BaseModel):
    """That the server is there, or can be used."""

    status: Literal["alive", "ready"]


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str


class FieldError(BaseModel):
    """A field that cannot be used, its value, and what is wrong with it."""

    field: str
    value: str | None
    message: str


class Invalid(Problem):
    """A request that is not valid, field by field."""

    errors: list[FieldError] | None = Field(
        None, description="Absent where it is not a field alone that is wrong."
    )
