"""Items of a collection to files that other programs read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from placelens.collection.reading import Reading
from placelens.storage.faults import naming_faults

if TYPE_CHECKING:
    from placelens.export import ExportReport


@naming_faults
class Exporting(Reading):
    """What can be written of a collection for others."""

    def export(
        self,
        path: str | Path,
        *,
        ids: Iterable[str] | None = None,
        format: str | None = None,  # noqa: A002
        blur: str | float | None = None,
        drop_places: bool = False,
        csv_safe: bool = False,
        force: bool = False,
        **filters: Any,
    ) -> ExportReport:
        """Write items to a file, whole or not at all: all, or those that are named and pass.

        Parameters
        ----------
        path, format, blur, drop_places, csv_safe, force
            Those of `placelens.export.export`.
        ids, filters
            Those of `items`.

        Raises
        ------
        InputError
            If the file cannot be made so, or a filter cannot be used.
        ItemNotFoundError
            If no item has one of the ``ids``.
        MissingExtraError
            If the format needs packages that are not installed.

        Examples
        --------
        >>> str(photos.export(folder / "two.gpx", ids=["blue", "black"]))
        'wrote 1 item to ...two.gpx; 1 without a place left out, which gpx cannot hold'
        >>> photos.export(folder / "best.csv", where={"rating": {"gte": 4}}, blur="1km").n_written
        2
        """
        from placelens.export import export

        return export(
            self.items(ids=ids, **filters),
            path,
            format=format,
            blur=blur,
            drop_places=drop_places,
            csv_safe=csv_safe,
            force=force,
            thumbnails=self.thumbnail,
        )
