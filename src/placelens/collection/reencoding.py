"""Another encoder for a collection that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from placelens.collection.core import Core
from placelens.collection.writing import check_run
from placelens.display import shown
from placelens.encoders.base import Encoder
from placelens.encoders.binding import as_encoder
from placelens.errors import InputError
from placelens.storage.faults import naming_faults

if TYPE_CHECKING:
    from placelens.ingest.reencode_report import ReencodeReport
    from placelens.ingest.report import ProgressCallback


@naming_faults
class Reencoding(Core):
    """Making all anew that an encoder made."""

    def reencode(
        self,
        encoder: str | Encoder | None = None,
        *,
        dry_run: bool = False,
        workers: int | None = None,
        progress: ProgressCallback | None = None,
    ) -> ReencodeReport:
        """Make all vectors, and whatever else an encoder made of the items, anew.

        The images are read again from their files; where one cannot be, the preview that is stored
        of it is taken, which is worse. What is made waits in the folder until all is: so long the
        collection answers as before. Interrupted, it keeps what is done, and the next call goes on
        from there. Where all is of the encoder already, nothing is made but what was left, or made
        from a preview, and has its file by now.

        Snapshots from before keep their vectors, and need the encoder from before.

        Parameters
        ----------
        encoder
            Another one, or its name, whatever its length; by default the collection's own, as it
            is installed now.
        dry_run
            Say what would be done, going by which files are there, and change nothing.
        workers
            Processes that decode; 0 for none, None to choose.
        progress
            Called with a `Progress` after each batch.

        Raises
        ------
        CollectionError
            If the collection holds vectors of one's own, or concepts.
        FormatVersionError
            If the collection is of an older format: `migrate` it first.
        CollectionLockedError
            If another process is writing.

        Examples
        --------
        >>> from placelens.testing.fakes import HashEncoder
        >>> photos.reencode().is_needed  # all is of it already
        False
        >>> report = photos.reencode(HashEncoder(dim=32), workers=0)
        >>> report.n_images, report.fingerprint_before, report.fingerprint
        (4, 'hash-v1:64', 'hash-v1:32')
        >>> photos.dim, photos.search("red")[0].id
        (32, 'red')
        """
        from placelens.ingest.reencode import Reencoding as Run
        from placelens.ingest.reencode import check_can_be

        check_run(workers, progress)
        if not isinstance(dry_run, bool):
            raise InputError(f"dry_run {shown(dry_run)} is neither True nor False")
        self.refresh()
        check_can_be(self._table.folder, self._table.manifest)
        wanted = self._installed() if encoder is None else as_encoder(encoder)
        if dry_run:
            return Run(self._table, wanted).preview()
        with self._table.writing():
            report = Run(self._table, wanted, workers=workers, progress=progress).run()
            self._bind(self._table.manifest, wanted)
        if report.is_needed:
            self._versions.start_anew()
        else:
            self._versions.settle()
        return report

    def _installed(self) -> Encoder:
        """The encoder of the collection's name, whatever its fingerprint; or the one given."""
        from placelens.encoders.registry import load_encoder

        if (given := self._encoder.loaded) is not None:
            return given
        name = str(self._table.manifest.encoder)
        return load_encoder(name, folder=self.path, allow_download=self._allow_download)
