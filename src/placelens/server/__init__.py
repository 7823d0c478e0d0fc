"""The REST API and the page: `create_app` makes the app from `Settings`."""

from placelens.server.app import create_app
from placelens.server.settings import Settings

__all__ = ["Settings", "create_app"]
