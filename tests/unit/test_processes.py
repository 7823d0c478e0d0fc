"""A worker answers, says what went wrong, and starts again after it ended."""

import os
import signal
import sys
import threading

import pytest
from tests import hostile_jobs

from placelens.errors import MissingExtraError, ReadError
from placelens.processes import EndedError, Limits, TooSlowError, Worker


@pytest.fixture
def worker():
    made = Worker()
    yield made
    made.stop()


def test_calls_are_answered_by_one_other_process(worker):
    first, second = worker.call(os.getpid), worker.call(os.getpid)
    assert first == second != os.getpid()


def test_what_a_function_raises_is_raised_here(worker):
    with pytest.raises(ValueError, match="invalid literal"):
        worker.call(int, "x")
    assert worker.call(int, "3") == 3


@pytest.mark.parametrize(
    "error", [ReadError("it is cut off"), MissingExtraError("a raw photo", "raw")]
)
def test_errors_of_readers_survive_the_journey(worker, error):
    with pytest.raises(type(error)) as caught:
        worker.call(hostile_jobs.raise_this, error)
    assert str(caught.value) == str(error)


@pytest.mark.parametrize(
    ("job", "how"), [(hostile_jobs.be_killed, "SIGKILL"), (hostile_jobs.crash, "SIGSEGV")]
)
def test_a_process_that_ends_is_told_and_replaced(worker, job, how):
    before = worker.call(os.getpid)
    with pytest.raises(EndedError, match=how):
        worker.call(job)
    assert worker.call(os.getpid) != before


def test_a_process_that_was_killed_between_calls_is_replaced_unnoticed(worker):
    before = worker.call(os.getpid)
    os.kill(before, signal.SIGKILL)
    worker._process.join()
    assert worker.call(os.getpid) != before


def test_a_process_that_left_for_nothing_was_asked_is_replaced_unnoticed():
    worker = Worker(idle_s=1.0)
    before = worker.call(os.getpid)
    worker._process.join()
    assert worker.call(os.getpid) != before
    worker.stop()


@pytest.mark.parametrize("job", [hostile_jobs.hang, hostile_jobs.spin])
def test_a_call_that_takes_too_long_ends_its_process(job):
    worker = Worker(Limits(longest_s=0.0))
    with pytest.raises(TooSlowError, match="longer than 0 s"):
        worker.call(job)
    assert worker._process is None
    worker._limits = Limits()
    assert worker.call(len, "four") == 4
    worker.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts addresses")
def test_memory_is_bounded_for_each_call_anew():
    worker = Worker(Limits(memory_bytes=256 * 2**20))
    for _ in range(2):
        with pytest.raises(MemoryError):
            worker.call(hostile_jobs.eat)
        assert len(worker.call(bytes, 64 * 2**20)) == 64 * 2**20
    worker.stop()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such limits")
def test_the_system_ends_what_computes_on_after_this_process_is_gone():
    """Cores times seconds: the bound that the kernel keeps without anybody's help."""
    import resource

    worker = Worker(Limits(longest_s=600.0))
    soft, _ = worker.call(resource.getrlimit, resource.RLIMIT_CPU)
    assert 600 * (os.cpu_count() or 1) < soft < 660 * (os.cpu_count() or 1)
    worker.stop()


def test_stopping_while_another_thread_waits_is_told_to_it():
    worker = Worker()
    worker.call(len, "")
    told = []

    def wait():
        try:
            worker.call(hostile_jobs.hang)
        except EndedError as error:
            told.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while thread.is_alive():  # a stop that comes before the call ends nothing
        worker.stop()
        thread.join(0.5)
    assert len(told) == 1
