"""What strangers' files say reaches a terminal as text only."""

import io
import json
import logging
import sys

import pytest

from placelens.cli import console
from placelens.cli.output import write_things
from placelens.export.text_table import text_table
from placelens.types import Evidence, Hit, Item, ScoreTerm

EVIL = "a\x1b]0;owned\x07\x9b2J\u202eb\u2066c\u200bd\r\ne"
OBEYED = set(EVIL) - set("abcde]0;owned2J\n")


def hit() -> Hit:
    term = ScoreTerm(kind="text", label=EVIL, weight=1, value=1, contribution=1)
    item = Item(id=EVIL, image=EVIL, text=EVIL, attributes={"title": EVIL, EVIL: EVIL})
    return Hit(
        rank=1, id=EVIL, score=1.0, terms=(term, term), distance_m=None, matched=None, item=item,
        evidence=(Evidence(kind="concept", label=EVIL, share=0.5),),
    )  # fmt: skip


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("placelens", logging.WARNING, "", 0, "a %s", (text,), None)


@pytest.mark.parametrize(
    "say",
    [
        console.notice,
        console.complain,
        console.say,
        lambda text: console.print_facts([(text, text)]),
        lambda text: console.print_json({text: [text]}),
        lambda text: console.Warnings().handle(record(text)),
        lambda text: console.say(text_table([hit()], ids=True)),
    ],
)
def test_nothing_is_obeyed(say, capsys):
    say(EVIL)
    written = "".join(capsys.readouterr())
    assert not OBEYED & set(written)
    assert "a" in written


def test_notices_are_one_line(capsys):
    console.notice(EVIL)
    console.complain(EVIL)
    assert capsys.readouterr().err.count("\n") == 2


def test_json_means_what_it_meant(capsys):
    console.print_json({EVIL: ["naïve 東京 👩‍🚀", EVIL]})
    assert json.loads(capsys.readouterr().out) == {EVIL: ["naïve 東京 👩‍🚀", EVIL]}


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("kind", ["csv", "jsonl", "paths", "paths0", "kml", "geojson"])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_exports_are_tamed_on_a_terminal_only(monkeypatch, kind, is_terminal):
    raw = io.BytesIO()
    stream = (Terminal if is_terminal else io.TextIOWrapper)(raw, encoding="utf-8", newline="")
    monkeypatch.setattr(sys, "stdout", stream)
    write_things([hit()], format=kind, output=None, force=False)
    stream.flush()
    written = raw.getvalue().decode()
    if is_terminal:
        assert not (OBEYED - {"\n"}) & set(written)
    elif kind in ("csv", "paths0"):
        assert "\x1b" in written
