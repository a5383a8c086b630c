"""Field types of more than one service."""

import time

import pytest
from email_validator import validate_email
from pydantic import TypeAdapter, ValidationError

from common.email_addresses import Email, normal_email
from common.schemas import Id, Name

ID: TypeAdapter[int] = TypeAdapter(Id)
EMAIL: TypeAdapter[str] = TypeAdapter(Email)
NAME: TypeAdapter[str] = TypeAdapter(Name)


@pytest.mark.parametrize("value", [1, "1", 2**53 - 1, str(2**53 - 1), "0007"])
def test_an_id_is_a_positive_number_of_53_bits(value: object) -> None:
    assert ID.validate_python(value) == int(str(value))


@pytest.mark.parametrize(
    "value",
    [0, -1, 2**53, 2**64, "0", "-1", "+1", " 1", "1 ", "1_0", "1.0", "1e3", "0x1", "\uff11", "", None, [], "1\n"],
)
def test_anything_else_is_no_id(value: object) -> None:
    """S-36"""
    with pytest.raises(ValidationError):
        ID.validate_python(value)


def test_the_stored_spelling_of_an_address_stands_for_itself() -> None:
    """Otherwise people could not sign in with the address that we show."""
    for code in [*range(0x20, 0x3000), *range(0xF900, 0x10000)]:
        if (stored := normal_email(f"a{chr(code)}b@example.com")) is not None:
            assert normal_email(stored) == stored, hex(code)
    for domain in ("xn--exmple-cua.com", "xn--strae-oqa.de", "EXÄMPLE.com", "\uff45xample.com", "xn--nxasmm1c.com"):
        stored = EMAIL.validate_python(f"Ada@{domain}")
        assert normal_email(stored) == stored, domain
        assert normal_email(f"Ada@{domain}") == stored


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("info@straße.de", "info@strasse.de"),
        ("straße@example.com", "strasse@example.com"),
        ("info@xn--strae-oqa.de", "info@strasse.de"),
        ("info@νικος.gr", "info@νικοσ.gr"),
        ("\u0131lker@example.com", "ilker@example.com"),
        ("\u0130lker@example.com", "ilker@example.com"),
        ("ada@gma\u0131l.com", "ada@gmail.com"),
    ],
    ids=ascii,
)
def test_two_mailboxes_are_two_addresses(one: str, other: str) -> None:
    """Mails go to the stored spelling: if that were another mailbox, its owner could reset the password."""
    assert None not in {normal_email(one), normal_email(other)}
    assert normal_email(one) != normal_email(other)


def test_the_stored_spelling_leads_to_the_domain_that_was_meant() -> None:
    for address, domain in (("info@STRAßE.de", "xn--strae-oqa.de"), ("info@ΝΙΚΟΣ.gr", "xn--uxachku.gr")):
        stored = EMAIL.validate_python(address)
        assert validate_email(stored, check_deliverability=False).ascii_domain == domain


@pytest.mark.parametrize("text", ["a", "a.", "@", "<", " ", '"', "b.", "a <", "\u0345", "ﷺ", "xn--", "1@"], ids=ascii)
@pytest.mark.parametrize("ending", ["", "@", "@example.com", "a@b.c", "!"])
def test_no_address_takes_long_to_read(text: str, ending: str) -> None:
    """S-38: milliseconds; quadratic time would take minutes."""
    for address in (text * 50_000 + ending, "a@" + text * 50_000 + ending):
        started = time.process_time()
        normal_email(address)
        assert time.process_time() - started < 2


KEPT = [
    "علی\u200cرضا",  # noqa: RUF001
    "ශ්\u200dරී ලංකා", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "Ada 🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🧑🏽‍🚀", "ᠠ\u180b", "⠠⠁\u2800⠃", "col·lecció",
    "Ada", " Ada ", "é", "e\u0301", "👩‍💻", "🇩🇪", "🏳️‍🌈", "👍🏽", "❤️ Ada", "x" * 100, "🩷", "\U0001fae9", "5️⃣ tips", "‼️",
    "\u2139\ufe0f Ada", "#️⃣", "☎︎", "हिन्दी",
]  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_a_name_is_kept_as_it_is(name: str) -> None:
    """S-35: not trimmed, not normalised."""
    assert NAME.validate_python(name) == name


UNSEEN = [
    0x00, 0x0A, 0x1B, 0x7F, 0x85, 0x180B, 0xFE00, 0xE0101, 0x200B, 0x200D, 0x200E, 0x2028, 0x2060, 0x2066, 0x202E,
    0xFE0F, 0xFEFF, 0x034F, 0x115F, 0x3164, 0xFFA0, 0xFDD0, 0xFFFF, 0x1FFFE, 0xE0001, 0xE0080, 0xFFF0, 0xFE0E, 0x200C,
]  # fmt: skip


@pytest.mark.parametrize("character", UNSEEN, ids=hex)
def test_a_name_has_nothing_that_cannot_be_seen(character: int) -> None:
    """S-35: C0 and C1, zero-width, bidi; the joiner of emoji after a letter is dropped."""
    one = chr(character)
    for name in (f"A{one}da", f"!{one}Ada", f"Ada {one}!", f"Ada5{one}!", f"+{one}=", f"Ada {one}🩷"):
        with pytest.raises(ValidationError):
            NAME.validate_python(name)


@pytest.mark.parametrize("typed", ["Ada\u200f", "\u200eAda", "A\u00adda", "\u061cAda\u200e\u200f"], ids=ascii)
def test_marks_that_nobody_types_on_purpose_are_stripped_from_a_name(typed: str) -> None:
    """Messengers add direction marks at the ends, and word processors soft hyphens."""
    assert NAME.validate_python(typed) == "Ada"


@pytest.mark.parametrize(
    "name",
    ["علی\u200c", "\U0001faff\u200cب", "\u200cعلی", "عل\u200c\u200cی", "ශ\u200dරී", "❤️‍", "🏴󠁧󠁢󠁺󠁺󠁿", "a\u200cb", "1\ufe0f"],
    ids=ascii,
)
def test_a_joiner_that_changes_nothing_to_be_seen_is_refused(name: str) -> None:
    """S-35: RFC 5892, appendix A; two names that look the same would be two."""
    with pytest.raises(ValidationError, match="control or invisible"):
        NAME.validate_python(name)


@pytest.mark.parametrize("name", [" ", "\u00a0\u3000", "\u00ad", "\u200f", "\u2800", "\u2800 \u2800"], ids=ascii)
def test_a_name_of_blanks_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="must not be blank"):
        NAME.validate_python(name)
