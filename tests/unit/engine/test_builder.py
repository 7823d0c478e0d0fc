"""Builds come one at a time; only those that nobody waits for step back."""

import os
import sys
import threading

import pytest

from placelens.engine.indexes.builder import LOWEST, NICE, build, build_behind


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_who_waits_for_a_build_does_not_wait_behind_other_programs() -> None:
    seen: dict[str, int] = {}

    def see(name: str) -> None:
        seen[name] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    build_behind(lambda: see("behind")).result()
    build(lambda: see("waited for")).result()
    see("who asks")
    assert seen["waited for"] == seen["who asks"]
    assert seen["behind"] == min(LOWEST, seen["who asks"] + NICE)


def test_there_is_one_build_at_a_time() -> None:
    has_begun, may_end = threading.Event(), threading.Event()
    done: list[str] = []

    def long() -> None:
        has_begun.set()
        may_end.wait()
        done.append("long")

    behind = build_behind(long)
    has_begun.wait()
    waited_for = build(lambda: done.append("waited for"))
    assert not waited_for.done()
    may_end.set()
    behind.result()
    waited_for.result()
    assert done == ["long", "waited for"]


def test_what_a_build_raises_is_its_own() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        build(fail).result()
    build(lambda: None).result()
