"""What a route asks for: the settings, and the collection that its URL names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request

from placelens.deadline import Deadline
from placelens.server.catalogue import Catalogue
from placelens.server.jobs import Jobs
from placelens.server.metrics import Metrics
from placelens.server.settings import Settings

if TYPE_CHECKING:
    from placelens.collection import Collection

__all__ = ["CatalogueOf", "CollectionOf", "DeadlineOf", "JobsOf", "MetricsOf", "SettingsOf"]


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _catalogue(request: Request) -> Catalogue:
    catalogue: Catalogue = request.app.state.catalogue
    return catalogue


def _deadline(request: Request) -> Deadline:
    deadline: Deadline = request.state.deadline
    return deadline


def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs


def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


def _collection(name: str, request: Request) -> Any:
    return _catalogue(request).get(name)


SettingsOf = Annotated[Settings, Depends(_settings)]
DeadlineOf = Annotated[Deadline, Depends(_deadline)]
JobsOf = Annotated[Jobs, Depends(_jobs)]
MetricsOf = Annotated[Metrics, Depends(_metrics)]
CatalogueOf = Annotated[Catalogue, Depends(_catalogue)]
if TYPE_CHECKING:
    CollectionOf = Collection
else:  # importing placelens.collection here would make starting a server slow
    CollectionOf = Annotated[Any, Depends(_collection)]
