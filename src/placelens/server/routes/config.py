"""``GET /v1/config``: what the page asks first."""

from __future__ import annotations

from fastapi import APIRouter

from placelens.export import FORMATS
from placelens.server.answers import Config
from placelens.server.dependencies import CatalogueOf, SettingsOf

router = APIRouter(tags=["server"])


@router.get("/config")
def read_config(catalogue: CatalogueOf, settings: SettingsOf) -> Config:
    """Version, names of the collections, the map's tile URL, and whether items can be changed."""
    from placelens import __version__

    return Config(
        version=__version__,
        collections=catalogue.names,
        tile_url=settings.tile_url,
        writes=settings.write,
        writing_needs_token=settings.auth,
        export_formats=list(FORMATS),
    )
