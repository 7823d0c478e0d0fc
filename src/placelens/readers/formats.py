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

# The first bytes of the formats that are opened; AVIF, HEIF, WebP and TGA have none so plain.
_JPEG = b"\xff\xd8\xff"
_STARTS = {
    _JPEG: "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF
    b"MM\0+": "TIFF",
    b"BM": "BMP",
    b"\xff\x4f\xff\x51": "JPEG2000",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG2000",
    b"8BPS": "PSD",
    **{b"P%d" % n: "PPM" for n in range(1, 7)},
}


def suffix_of(name: str) -> str:
    """The lower-case ending of a file name, dot included; '' when there is none."""
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of this name is ignored when a folder is looked through."""
    return name.startswith((".", "@eaDir")) or name.lower() in _PASSED_OVER


def is_jpeg(data: bytes) -> bool:
    """Whether the bytes begin as a JPEG does."""
    return data.startswith(_JPEG)


def format_of(data: bytes, name: str = "") -> str | None:
    """Which of the pictures' formats the bytes begin as, by Pillow's name; None for any other.

    TGA has no mark of its own, so a file must be called that.
    """
    if data[4:8] == b"ftyp":
        return _format_of_box(data)
    for start, kind in _STARTS.items():
        if data.startswith(start):
            return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    return "TGA" if suffix_of(name) == ".tga" else None


def _format_of_box(data: bytes) -> str | None:
    """AVIF or HEIF by the brands of the file type box (ISO/IEC 14496-12, 4.3)."""
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12]} | {data[i : i + 4] for i in range(16, size, 4)}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None


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
