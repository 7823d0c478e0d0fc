"""Whether words are English, by script and common words."""

import pytest

from placelens.encoders.language import why_not_english

ENGLISH = """
an old church on a hill
red sports car
dog
la jolla beach
los angeles at night
las vegas
el capitan
le mans
notre dame
casa
rio de janeiro
die hard
mare on a meadow
rhythm
strengths
ljubljana
krk
pub
temple near 京都
naïve art
""".strip().splitlines()


@pytest.mark.parametrize("text", ENGLISH)
def test_english_and_names_pass(text):
    assert why_not_english(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Hund am Strand", "German"),
        ("Felsmalereien", "German"),
        ("eine alte Kirche am Fluss", "German"),
        ("chien sur la plage", "French"),
        ("église", "French"),
        ("perro en la playa", "Spanish"),
        ("cane sulla spiaggia", "Italian"),
        ("cachorro na praia", "Portuguese"),
        ("hond op het strand", "Dutch"),
        ("hund på stranden och havet", "Swedish"),
        ("pies na plaży przy morze", "Polish"),
        ("köpek ve kedi", "Turkish"),
        ("собака на пляже", "Cyrillic"),
        ("京都の寺", "Chinese or Japanese"),
        ("개와 바다", "Hangul"),
        ("ναός", "Greek"),
        ("كلب على الشاطئ", "Arabic"),
        ("asdfgh", "no words"),
        ("qwerty zxcvb", "no words"),
        ("xkcd hjkl", "no words"),
        ("aaaaaa", "no words"),
    ],
)
def test_others_are_told(text, reason):
    assert reason in why_not_english(text)


@pytest.mark.parametrize("text", ["", "   ", "2019", "!!!", "x", "🙂"])
def test_what_holds_no_words_is_not_judged(text):
    assert why_not_english(text) is None


def test_captions_pass(shared_data):
    """None of 49,660 English captions is held back."""
    import json

    for file in ("flickr8k/pairs.jsonl", "rsicd/pairs.jsonl", "coco_mini/annotations.jsonl"):
        for line in (shared_data / file).read_text(encoding="utf-8").splitlines():
            for caption in json.loads(line)["captions"]:
                assert why_not_english(caption) is None, caption
