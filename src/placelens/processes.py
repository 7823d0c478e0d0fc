"""Functions called in a process of their own, which may crash, hang or take too much of them.

For decoders that read strangers' bytes. The process has this user's rights: it contains accidents,
it is no sandbox.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["EndedError", "Limits", "TooSlowError", "Worker"]

Answer = TypeVar("Answer")

_IDLE_S = 60.0
# A thread's stack, and what its allocator keeps of its own: decoders start one a core.
_BYTES_A_THREAD = 16 * 2**20
# glibc would reserve 64 MiB of addresses for every thread, and these count.
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}


class EndedError(Exception):
    """The process ended before it answered; the message says how."""


class TooSlowError(EndedError):
    """The process was ended because it did not answer in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call may take; None for no limit.

    Parameters
    ----------
    longest_s
        Seconds. The process is killed after them, and kills itself, should this one be gone, when
        all of its cores have worked for as long.
    memory_bytes
        Addresses beyond those that the process has when the call begins. Only Linux counts them.
    """

    longest_s: float | None = None
    memory_bytes: int | None = None


class Worker:
    """A process that is started by the first call, and again by the next call after it ended.

    It ends by itself when nothing was asked of it for a minute. It is loky's kind of process, which
    does not import the caller's main module: a plain script may call at its top level. Threads that
    call at once wait for each other.

    Examples
    --------
    >>> worker = Worker()
    >>> worker.call(len, "four")
    4
    >>> worker.call(os._exit, 3)
    Traceback (most recent call last):
    placelens.processes.EndedError: the process ended with exit code 3
    >>> worker.call(len, "still")
    5
    >>> worker.stop()
    """

    def __init__(self, limits: Limits = Limits(), *, idle_s: float = _IDLE_S) -> None:
        self._limits = limits
        self._idle_s = idle_s
        self._process: Any = None
        self._connection: Connection | None = None
        # Whoever calls also closes: a connection that is closed while another thread waits at it
        # might by then be another file of the same number.
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._is_calling = False

    def call(self, function: Callable[..., Answer], *arguments: Any) -> Answer:
        """What a function returns there. It, its arguments and its answer are pickled.

        Raises
        ------
        TooSlowError
            If it takes longer than it may.
        EndedError
            If the process ends, or none can be started.
        Exception
            Whatever the function raises.
        """
        with self._turn:
            with self._lock:
                self._is_calling = True
            try:
                is_well, answer = self._answered((function, arguments))
            finally:
                with self._lock:
                    self._is_calling = False
        if not is_well:
            raise answer
        result: Answer = answer
        return result

    def stop(self) -> None:
        """End the process, whatever it is at; a call that waits for it is told."""
        with self._lock:
            self._kill()
            if not self._is_calling:
                self._ended()

    def _answered(self, question: tuple[Any, ...]) -> tuple[bool, Any]:
        connection = self._asked(question)
        try:
            if not connection.poll(self._limits.longest_s):
                self._kill()
                self._ended()
                raise TooSlowError(f"the process took longer than {self._limits.longest_s:g} s")
            answer: tuple[bool, Any] = connection.recv()
        except (EOFError, OSError):
            raise EndedError(f"the process ended with {self._ended()}") from None
        return answer

    def _kill(self) -> None:
        process = self._process
        if process is None or process.pid is None or process.exitcode is not None:
            return  # somebody else was quicker
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)  # loky's processes have no method for it
        else:
            process.terminate()

    def _asked(self, question: tuple[Any, ...]) -> Connection:
        """Send what is to be called, and wait until it is there."""
        # A process that has just left, for nothing was asked of it, is no answer.
        for _ in range(2):
            with contextlib.suppress(EOFError, OSError):
                connection = self._started()
                connection.send(question)
                connection.recv()
                return connection
            how = self._ended()
        raise EndedError(f"no process could be started: it ended with {how}")

    def _started(self) -> Connection:
        if self._connection is None:
            from loky.backend import get_context

            context = get_context("loky")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(
                target=_answer,
                args=(theirs, self._limits, self._idle_s),
                daemon=True,
                env=_ENVIRONMENT,
            )
            self._process.start()
            theirs.close()
        return self._connection

    def _ended(self) -> str:
        """Forget the process, and say how it ended."""
        if self._connection is not None:
            self._connection.close()
        process, self._connection, self._process = self._process, None, None
        if process is None or process.pid is None:
            return "no process"
        process.join()
        code = process.exitcode
        return f"exit code {code}" if code is None or code >= 0 else signal.Signals(-code).name


def _answer(connection: Connection, limits: Limits, idle_s: float) -> None:
    """What the process does: it calls what it is told to, one after the other."""
    # Ctrl-C goes to every process of a terminal; only the main one is to answer it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, OSError):  # whoever asks is gone
        while connection.poll(idle_s):
            function, arguments = connection.recv()
            connection.send(None)
            connection.send(_called(function, arguments, limits))


def _called(
    function: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits
) -> tuple[bool, Any]:
    try:
        with _limited(limits):
            return True, function(*arguments)
    except Exception as error:
        return False, error


@contextlib.contextmanager
def _limited(limits: Limits) -> Iterator[None]:
    """Have the system end what takes more, where it can."""
    n_cores = os.cpu_count() or 1
    bounds: dict[str, int] = {}
    if limits.longest_s is not None:
        bounds["RLIMIT_CPU"] = int(time.process_time() + n_cores * limits.longest_s) + 1
    if limits.memory_bytes is not None and sys.platform == "linux":
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        bounds["RLIMIT_AS"] = taken + limits.memory_bytes + n_cores * _BYTES_A_THREAD
    before = {name: _bounded(name, most) for name, most in bounds.items()}
    try:
        yield
    finally:
        for name, most in before.items():
            _bounded(name, most)


def _bounded(name: str, most: int) -> int:
    """Set one of the system's limits where it has such, and return what it was."""
    try:
        import resource
    except ImportError:  # Windows
        return -1
    kind = getattr(resource, name)
    soft, hard = resource.getrlimit(kind)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (hard if most == resource.RLIM_INFINITY else allowed, hard))
    return soft
