"""Names that clients are sent: whatever a collection says, no system stumbles over them."""

import unicodedata
from email.message import Message
from urllib.parse import unquote

from hypothesis import example, given
from hypothesis import strategies as st

from placelens.server.file_names import attachment, safe_name, unique_names

ANY = st.text(st.characters(exclude_categories=[]), max_size=400)
PARTS = st.sampled_from(
    ["..", "/", "\\", "\0", "\x7f", "\u202e", "\u2066", "\ud800", "CON", ".", " ", ":", "é",
     "e\u0301", "I", "\u0131", "ß", "x" * 300, "漢" * 150, ".jpg", " (2)", '"', ";", "\r\n", "'"]
)  # fmt: skip
NAMES = ANY | st.lists(PARTS, max_size=8).map("".join)


def is_safe(name: str) -> bool:
    return (
        0 < len(name.encode()) <= 255
        and not set(name) & set('<>:"/\\|?*')
        and not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name)
        and not set(name) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069")
        and not name.startswith(".")
        and not name.endswith((".", " "))
        and name.partition(".")[0].casefold() not in ("con", "nul", "aux", "prn", "com1", "lpt9")
    )


@given(NAMES)
@example("../../x")
@example("con. .jpg")
@example("nul")
@example("漢" * 300 + ".jpeg")
@example("a" * 300 + "." + "b" * 300)
@example("a" * 199 + ". b")
def test_any_name_is_made_safe(name: str) -> None:
    assert is_safe(safe_name(name))
    assert safe_name(safe_name(name)) == safe_name(name)


@given(st.lists(NAMES | st.sampled_from(["a.jpg", "A.jpg", "a (2).jpg", "é.jpg", "e\u0301.jpg"])))
def test_no_two_names_are_one(names: list[str]) -> None:
    unique = unique_names(names)
    assert len(unique) == len(names)
    assert all(map(is_safe, unique))
    told = {unicodedata.normalize("NFC", name.casefold()) for name in unique}
    assert len(told) == len(names)


def test_ten_thousand_of_one_name() -> None:
    unique = unique_names(["a.jpg"] * 10_000)
    assert (unique[0], unique[1], unique[-1]) == ("a.jpg", "a (2).jpg", "a (10000).jpg")
    assert len(set(unique)) == 10_000


@given(NAMES)
def test_a_header_holds_any_name(name: str) -> None:
    header = attachment(name)
    assert header.isascii()
    assert header.isprintable()
    plain, _, extended = header.partition("; filename*=UTF-8''")
    message = Message()
    message["Content-Disposition"] = plain
    assert message.get_content_disposition() == "attachment"
    assert len(message.get_filename() or "") == len(safe_name(name))
    told = unquote(extended) if extended else message.get_filename()
    assert told == safe_name(name)
