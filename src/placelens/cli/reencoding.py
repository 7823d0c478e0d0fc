"""``placelens index --reencode`` as the terminal shows it: progress, what was done and not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from placelens.cli.console import count, notice
from placelens.cli.importing import show_files, showing_progress, write_report

if TYPE_CHECKING:
    from placelens.ingest.reencode_report import ReencodeReport
    from placelens.readers.base import Skipped


class Reencoding:
    """A collection's vectors, made anew."""

    def __init__(self, path: Path, encoder: str | None, *, allow_download: bool) -> None:
        from placelens.collection import Collection

        self._path, self._encoder = path, encoder
        self._collection = Collection.open(path, allow_download=allow_download)

    def preview(self) -> None:
        """Say what a run would do."""
        found = self._collection.reencode(self._encoder, dry_run=True)
        self._say(found, would=True)

    def run(self, *, workers: int | None, written: Path | None) -> None:
        """Make all anew, and say what that took; ``written`` gets what has no file, as CSV."""
        try:
            with showing_progress("encoding") as progress:
                report = self._collection.reencode(
                    self._encoder, workers=workers, progress=progress
                )
        except KeyboardInterrupt:
            raise KeyboardInterrupt("interrupted; the same command goes on from there") from None
        if written is not None:
            write_report((*report.left, *report.previews), written)
        self._say(report, written=written)

    def _say(
        self, report: ReencodeReport, *, would: bool = False, written: Path | None = None
    ) -> None:
        notice(f"{self._path}: {_summary(report, would=would)}")
        if report.n_changed:
            notice(
                f"taken as they are, though changed since they were imported: "
                f"{count(report.n_changed, 'image')}; importing them reads the rest of them too"
            )
        _show(
            report.previews,
            "made of the stored preview, which is small and so worse than the file; the same "
            "command takes the file once it is there again",
            written,
        )
        _show(report.left, "without a vector that it had or should have", written)
        if report.dropped:
            notice(f"not made by {report.encoder}, and left out: {', '.join(report.dropped)}")
        if report.snapshots:
            names = ", ".join(report.snapshots)
            notice(f"snapshots that keep their vectors, of another encoder: {names}")


def _summary(report: ReencodeReport, *, would: bool) -> str:
    name = f"{report.encoder} ({report.fingerprint})"
    if not report.is_needed and not report.n_images:
        return f"all {count(report.n_items, 'item')} are of {name} already; nothing to do"
    made = f"{count(report.n_images, 'image')} and {count(report.n_texts, 'text')}"
    if not report.is_needed:
        return f"of {name} already; {'would make' if would else 'made'} anew of files: {made}"
    before = f"{report.encoder_before} ({report.fingerprint_before})"
    resumed = f", {report.n_resumed:,} of them done before" if report.n_resumed else ""
    items = f"{count(report.n_items, 'item')} of {before}{resumed}"
    said = f"{items}: {made} {'would be' if would else ''} encoded with {name}".replace("  ", " ")
    return said if would else f"{said} in {report.seconds:.1f} s"


def _show(images: Sequence[Skipped], what: str, written: Path | None) -> None:
    """How many there are, the first of them with the reason, and where the rest are."""
    if not images:
        return
    notice(f"{count(len(images), 'item')} {what}:")
    show_files([f"  {each.key}: {each.reason}" for each in images], written)
