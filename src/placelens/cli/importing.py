"""One import as the terminal shows it: progress, a summary, what was skipped and why."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from placelens.cli.console import count, notice, print_line, stderr
from placelens.errors import PlacelensError

if TYPE_CHECKING:
    from placelens.collection import Collection
    from placelens.ingest.report import IngestReport, Progress, ProgressCallback
    from placelens.readers.base import Skipped, Source
    from placelens.readers.columns import TableOptions

_SHOWN = 10  # skipped files named on the screen; --report has them all


class Import:
    """An import that can be run again, with the same arguments each time."""

    def __init__(
        self,
        collection: Collection,
        paths: Sequence[Path],
        *,
        tables: bool,
        columns: TableOptions,
        exclude: Sequence[str],
        prune: bool,
        workers: int | None,
        report: Path | None,
    ) -> None:
        self._collection = collection
        self._paths = [path.expanduser() for path in paths]
        self._tables = tables
        self._columns = columns
        self._exclude = tuple(exclude)
        self._prune = prune
        self._workers = workers
        self._report = report

    def run(self) -> bool:
        """Bring the collection up to date, and say what that took.

        Returns
        -------
        bool
            False if there were files and all of them were skipped.
        """
        try:
            with showing_progress() as progress:
                report = self._collection.add(
                    self._sources(), prune=self._prune, workers=self._workers, progress=progress
                )
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"interrupted: {count(len(self._collection), 'item')} in {self._collection.path}; "
                "the same command goes on from there"
            ) from None
        if self._report is not None:
            write_report(report.skipped, self._report)
        _summarise(report, self._collection, self._report)
        return not report.skipped or any(_taken(report).values())

    def preview(self) -> None:
        """Say what a run would do: the files of items that would be dropped go to stdout."""
        found = self._collection.preview(self._sources())
        counts = {"new": found.n_new, "changed": found.n_changed, "unchanged": found.n_unchanged}
        counts["skipped"] = len(found.skipped)
        said = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
        notice(f"would find {said or 'no photos, texts or tables'}")
        if self._prune:
            for _, source in found.gone:
                print_line(source)
            notice(found.warning or f"would drop {count(len(found.gone), 'item')}")

    def follow(self) -> None:
        """Run again whenever something changes, until Ctrl-C."""
        from placelens.readers.watch import watch

        notice("watching for changes; Ctrl-C to stop")
        try:
            for _ in watch(self._paths):
                self._run_again()
        except KeyboardInterrupt:
            notice("stopped watching")

    def _run_again(self) -> None:
        """One more run; a folder that is gone for a moment does not end the watch."""
        try:
            self.run()
        except PlacelensError as error:
            notice(f"error: {error}; still watching")

    def _sources(self) -> Iterator[Source | Skipped]:
        from placelens.readers.discover import read_photos

        return read_photos(
            self._paths, tables=self._tables, options=self._columns, exclude=self._exclude
        )


def fill(
    collection: Collection,
    features: Sequence[str],
    *,
    segmenter: str | None,
    detector: str | None,
    workers: int | None,
) -> None:
    """Make features of what is there already, and say how many items have them now."""
    try:
        with showing_progress() as progress:
            report = collection.fill(
                features,
                segmenter=segmenter,
                detector=detector,
                workers=workers,
                progress=progress,
            )
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted; the same command goes on from there") from None
    for name, n_filled in report.n_filled.items():
        left = report.n_left[name]
        more = f", {count(left, 'image')} could not be read" if left else ""
        notice(f"{name}: made of {count(n_filled, 'item')}{more}; {collection.path}")


def give_masks(collection: Collection, masks: Path, labels: Path, written: Path | None) -> None:
    """Keep class maps of a folder of masks, and say which were of no item."""
    with showing_progress("averaging masks") as progress:
        report = collection.add_class_maps(masks, labels=labels, progress=progress)
    if written is not None:
        write_report(report.unmatched, written)
    notice(
        f"class_map: given to {count(report.n_given, 'item')}, "
        f"{count(report.n_without, 'item')} with an image have none, "
        f"{count(len(report.unmatched), 'mask')} not taken; {collection.path}"
    )
    if report.unmatched:
        show_files([f"not taken {each.key}: {each.reason}" for each in report.unmatched], written)


@contextmanager
def showing_progress(doing: str = "indexing") -> Iterator[ProgressCallback]:
    """A bar with rate and estimate on a terminal; nothing in a pipe."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    console = stderr()
    bar = Bar(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task("looking for files", total=None, rate="")

    def show(state: Progress) -> None:
        finished_speed = bar.tasks[0].speed
        bar.update(
            task,
            description=doing + (f", {state.n_skipped} skipped" if state.n_skipped else ""),
            completed=state.n_done,
            total=state.n_total,
            rate=f"{finished_speed:.0f}/s" if finished_speed else "",
        )

    with bar:
        yield show


def _taken(report: IngestReport) -> dict[str, int]:
    """What became of the files that could be read."""
    return {
        "added": report.n_added,
        "updated": report.n_updated,
        "moved": report.n_moved,
        "removed": report.n_removed,
        "duplicates": report.n_duplicates,
        "unchanged": report.n_unchanged,
    }


def _summarise(report: IngestReport, collection: Collection, written: Path | None) -> None:
    counts = {**_taken(report), "skipped": len(report.skipped)}
    said = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    speed = f" ({report.images_per_s:.0f} images/s)" if report.n_images else ""
    notice(
        f"{said or 'no photos, texts or tables found'} in {report.seconds:.1f} s{speed}; "
        f"{collection.path} holds {count(len(collection), 'item')}"
    )
    _show_warnings(report.warnings)
    if report.skipped:
        show_files([f"skipped {each.key}: {each.reason}" for each in report.skipped], written)


def _show_warnings(warnings: Sequence[tuple[str, str]]) -> None:
    """Each warning once, with the first file that it is of."""
    from placelens.ingest.known import file_of

    firsts: dict[str, str] = {}
    for key, message in warnings:
        firsts.setdefault(message, key)
    for message, number in Counter(text for _, text in warnings).most_common(_SHOWN):
        file = Path(file_of(firsts[message]))
        # Some of a table name it themselves, and some are of the import as a whole.
        of_file = file.is_absolute() and not message.startswith(file.name)
        more = f" (and {number - 1:,} more like it)" if number > 1 else ""
        notice("warning: " + (f"{file}: " if of_file else "") + message + more)


def show_files(lines: Sequence[str], written: Path | None) -> None:
    """The first of some files' lines, and where the others are: written, or to be had so."""
    for line in lines[:_SHOWN]:
        notice(line)
    more = len(lines) - _SHOWN
    if written is not None:
        notice(f"all {len(lines):,} are in {written}")
    elif more > 0:
        notice(f"and {more:,} more; --report FILE.csv writes them all")


def write_report(skipped: Sequence[Skipped], path: Path) -> None:
    """CSV of file and reason; replaced on each run, so that a watch keeps it current."""
    from placelens.export.writers import replacing

    with replacing(path, force=True) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("file", "reason"))
        writer.writerows((entry.key, entry.reason) for entry in skipped)
        text.flush()
        text.detach()
