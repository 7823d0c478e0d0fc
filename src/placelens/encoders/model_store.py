"""Models that a user added, on this machine: a folder each, with the hashes of its files.

They lie in `placelens.folders.data_folder` under ``models``, below a folder for their kind. One
that is added appears whole or not at all; what is read is what was added, or it is refused. Nothing
else names a model's file: collections name models by what they are called here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from placelens.display import shown
from placelens.encoders.trusted_files import check_sha256
from placelens.errors import EncoderError, InputError, ReadError
from placelens.files import read_regular
from placelens.folders import data_folder

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_UNFINISHED = ".unfinished-"
_ABANDONED_S = 3_600
_MAX_FACTS_BYTES = 2**16
# What reading facts that somebody else wrote may end in.
_NOT_FACTS = (ReadError, ValueError, RecursionError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class ModelStore:
    """The models of a kind.

    Parameters
    ----------
    kind
        As "segmenter".
    """

    kind: str

    @property
    def folder(self) -> Path:
        """Where they are."""
        return data_folder() / "models" / f"{self.kind}s"

    def names(self) -> list[str]:
        """Names of those that are there, whether they are sound or not."""
        try:
            found = [path.name for path in self.folder.iterdir() if path.is_dir()]
        except OSError:
            return []
        return sorted(name for name in found if _NAME.fullmatch(name))

    def path(self, name: str) -> Path:
        """The folder of a model, whether it is there or not.

        Raises
        ------
        InputError
            If no model can be called so.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InputError(
                f"a {self.kind} cannot be called {shown(name)}; use small letters, digits, - and "
                "_, at most 64, such as: streets-2"
            )
        return self.folder / name

    def read(self, name: str) -> dict[str, Any]:
        """The facts of a model whose files are what was added.

        Raises
        ------
        EncoderError
            If there is none of the name, or a file of it is missing or another one now.
        """
        folder = self.path(name)
        if not folder.is_dir():
            raise EncoderError(
                f"there is no {self.kind} {shown(name)} on this machine; there are: "
                f"{', '.join(self.names()) or 'none'}; add it with: {self.command(name)}"
            )
        try:
            facts = json.loads(read_regular(folder / self._facts_file, _MAX_FACTS_BYTES))
            sums = {str(file): str(digest) for file, digest in facts["sha256"].items()}
        except _NOT_FACTS as error:
            raise self.damaged(name, str(error) or type(error).__name__) from error
        for file, digest in sums.items():
            if Path(file).name != file:
                raise self.damaged(name, f"it names the file {shown(file)}")
            check_sha256(
                folder / file, digest, what=f"the {self.kind}'s file", mend=self._again(name)
            )
        return dict(facts)

    def damaged(self, name: str, why: str) -> EncoderError:
        """The error that says that what is kept of a model is not what was added."""
        path = self.path(name) / self._facts_file
        return EncoderError(f"{path} is not what was written ({why}); {self._again(name)}")

    @contextmanager
    def adding(self, name: str) -> Iterator[Path]:
        """A folder to write a model's files to, which becomes the model's if all goes well.

        Raises
        ------
        InputError
            If there is one of the name.
        """
        path = self.path(name)
        self._check_free(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._tidy()
        folder = Path(tempfile.mkdtemp(dir=self.folder, prefix=_UNFINISHED))
        try:
            yield folder
            try:
                folder.rename(path)
            except OSError:
                self._check_free(name)  # another process was first
                raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def write_facts(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Write the facts of a model that is being added, with the hashes of its other files."""
        sums = {}
        for path in sorted(folder.iterdir()):
            with path.open("rb") as file:
                sums[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
        written = json.dumps({**facts, "sha256": sums}, indent=1)
        (folder / self._facts_file).write_text(written + "\n", encoding="utf-8")

    def remove(self, name: str) -> None:
        """Forget a model, and delete its files.

        Raises
        ------
        EncoderError
            If there is none of the name.
        """
        path = self.path(name)
        # Out of sight in one step: half a model is none.
        gone = path.with_name(f"{_UNFINISHED}{name}-{time.time_ns()}")
        try:
            path.rename(gone)
        except FileNotFoundError:
            raise EncoderError(
                f"there is no {self.kind} {shown(name)}; there are: "
                f"{', '.join(self.names()) or 'none'}"
            ) from None
        shutil.rmtree(gone, ignore_errors=True)

    def command(self, name: str) -> str:
        """What to type to add a model."""
        return f"placelens models add {self.kind} FILE --labels FILE --name {name}"

    @property
    def _facts_file(self) -> str:
        return f"{self.kind}.json"

    def _again(self, name: str) -> str:
        return f"placelens models remove {self.kind} {name}, and add it again: {self.command(name)}"

    def _check_free(self, name: str) -> None:
        if self.path(name).exists():
            raise InputError(
                f"there is a {self.kind} {shown(name)} already; give the new one another --name, "
                f"or remove that one: placelens models remove {self.kind} {name}"
            )

    def _tidy(self) -> None:
        """Drop what a kill left behind."""
        for folder in self.folder.glob(f"{_UNFINISHED}*"):
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime > _ABANDONED_S:
                    shutil.rmtree(folder, ignore_errors=True)
