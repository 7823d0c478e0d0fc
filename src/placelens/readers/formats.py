"""Which files are what, by name and by their first bytes."""

from __future__ import annotations

RAW_SUFFIXES = frozenset(
    {
        ".3fr",
        ".arw",
        ".cr2",
        ".cr3",
        ".crw",
        ".dcr",
        ".dng",
        ".erf",
        ".fff",
        ".iiq",
        ".kdc",
        ".mef",
        ".mos",
        ".mrw",
        ".nef",
        ".nrw",
        ".orf",
        ".pef",
        ".raf",
        ".raw",
        ".rw2",
        ".rwl",
        ".sr2",
        ".srf",
        ".srw",
        ".x3f",
    }
)

# .jxl is listed so that such a file is named among the skipped rather than passed over in silence.
IMAGE_SUFFIXES = RAW_SUFFIXES | frozenset(
    {
        ".avif",
        ".bmp",
        ".gif",
        ".heic",
        ".heics",
        ".heif",
        ".hif",
        ".jfif",
        ".jp2",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".jxl",
        ".mpo",
        ".png",
        ".pgm",
        ".pnm",
        ".ppm",
        ".psd",
        ".tga",
        ".tif",
        ".tiff",
        ".webp",
    }
)

TABLE_SUFFIXES = frozenset(
    {".csv", ".geojson", ".geojsonl", ".geojsons", ".geoparquet", ".json", ".jsonl", ".ndgeojson",
     ".ndjson", ".parquet", ".pq", ".tsv"}
)  # fmt: skip

# What to look through for photos, tables and their changes is none of these: previews that other
# programs keep, what a user hid, and archives' left-overs.
_PASSED_OVER = frozenset(
    ["@eadir", "#recycle", "$recycle.bin", "__macosx", "lost+found", "system volume information"]
)

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})


def suffix_of(name: str) -> str:
    """The lower-case ending of a file name, dot included; '' when there is none."""
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of this name is ignored when a folder is looked through."""
    return name.startswith((".", "@eaDir")) or name.lower() in _PASSED_OVER


def is_jpeg(data: bytes) -> bool:
    """Whether the bytes begin as a JPEG does."""
    return data.startswith(b"\xff\xd8\xff")


def is_heif(data: bytes) -> bool:
    """Whether the bytes begin as HEIC or HEIF does (AVIF, which Pillow reads itself, does not)."""
    if data[4:8] != b"ftyp":
        return False
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12]} | {data[i : i + 4] for i in range(16, size, 4)}
    return bool(brands & _HEIF_BRANDS) and not brands & _AVIF_BRANDS


def is_raw(data: bytes, name: str = "") -> bool:
    """Whether a file is a camera's raw file, by its name or its unmistakable first bytes.

    NEF, ARW and DNG begin as any TIFF does, so these are known by name alone.
    """
    if is_jpeg(data):
        return False
    return (
        suffix_of(name) in RAW_SUFFIXES
        or data[8:10] == b"CR"  # CR2: a TIFF with Canon's mark
        or data[4:12] == b"ftypcrx "  # CR3
        or data.startswith((b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0"))  # RAF ORF RW2
    )
