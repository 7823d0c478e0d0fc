"""Hits and items to files that other programs read."""

from placelens.export.frames import to_arrow, to_pandas
from placelens.export.geo_formats import to_geodataframe
from placelens.export.privacy import Privacy, blur_lonlat
from placelens.export.records import blank_record, records_of
from placelens.export.text_formats import feature_of
from placelens.export.writers import FORMATS, ExportReport, Format, dump, export, guess_format

__all__ = [
    "FORMATS",
    "ExportReport",
    "Format",
    "Privacy",
    "blank_record",
    "blur_lonlat",
    "dump",
    "export",
    "feature_of",
    "guess_format",
    "records_of",
    "to_arrow",
    "to_geodataframe",
    "to_pandas",
]
