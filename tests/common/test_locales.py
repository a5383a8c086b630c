"""Tags of languages (RFC 5646, RFC 4647), and the choice by Accept-Language (RFC 9110)."""

import pytest
from pydantic import TypeAdapter, ValidationError

from common.locales import Locale, accepted_locale, truncations

LOCALE: TypeAdapter[str] = TypeAdapter(Locale)
THERE = {"en", "de", "ja", "pt-BR", "zh-Hant"}


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("de", "de"),
        ("DE-at", "de-AT"),
        ("ZH-hANT-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("sl-ROZAJ-biske-1994", "sl-rozaj-biske-1994"),
        ("en-a-MYEXT-b-another", "en-a-myext-b-another"),
        ("de-u-co-phonebk", "de-u-co-phonebk"),
        ("en-X-US-Latn", "en-x-us-latn"),
    ],
)
def test_a_tag_is_written_as_the_standard_recommends(typed: str, normal: str) -> None:
    assert LOCALE.validate_python(typed) == normal
    assert LOCALE.validate_python(normal) == normal


@pytest.mark.parametrize(
    "typed", ["", "d", "de_DE", "de-", "-de", "de--DE", "*", "english please", "d1", "de\n", "dé", "en-" + "abcde-" * 6]
)
def test_what_is_no_tag_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        LOCALE.validate_python(typed)


def test_a_tag_becomes_less_exact_step_by_step() -> None:
    assert list(truncations("zh-Hant-TW")) == ["zh-Hant-TW", "zh-Hant", "zh"]
    assert list(truncations("de-u-co")) == ["de-u-co", "de"]
    assert list(truncations("")) == []


@pytest.mark.parametrize(
    ("header", "best"),
    [
        ("de", "de"),
        ("de-AT, en;q=0.8", "de"),
        ("nl, en;q=0.5, de;q=0.9", "de"),
        ("en;q=0.5,ja;q=0.5", "en"),
        ("en ; q=0.2 , JA ; Q=0.3", "ja"),
        ("de;q=0, nl", None),
        ("de;q=0, de-AT", "de"),
        ("zh-hant-tw", "zh-Hant"),
        ("pt-BR", "pt-BR"),
        ("pt", None),
        ("*", None),
        ("*, de;q=0.1", "de"),
        ("", None),
        ("nl", None),
        ("de;q=1.1, ja;q=0.1", "ja"),
        ("de;q=x, ;, ,, ja", "ja"),
        ("\x00, de" + "-a" * 5000, None),
        ("nl," * 1000 + "de", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_best_language_that_there_is(header: str, best: str | None) -> None:
    assert accepted_locale(header, THERE) == best
