"""The fold that makes texts equal for search."""

import sys
import unicodedata

import pytest

from common.text_fold import MOST_KEPT, Folds, fold

SAME = [
    ("Straße", "STRASSE"),
    ("Łódź", "lodz"),
    ("Đà Nẵng", "da nang"),
    ("Søren Ærø \u0152uvre Þór", "soren aero oeuvre thor"),
    ("Ɓa ƙasa", "ba kasa"),
    ("İstanbul Isparta \u0131sparta", "istanbul isparta isparta"),
    ("\u039f\u0394\u039f\u03a3 \u1f81", "\u03bf\u03b4\u03cc\u03c2 \u03b1"),
    ("\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
    (
        "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f \u0640\u0640\u0623\u0646",
        "\u0645\u062d\u0645\u062f \u0627\u0646",
    ),
    ("\u06a9\u062a\u0627\u0628\u06cc", "\u0643\u062a\u0627\u0628\u064a"),
    ("\u0401\u043b\u043a\u0438\u043d", "\u0435\u043b\u043a\u0438\u043d"),
    ("\uff37\uff29\uff24\uff25 \ufb01n", "wide fin"),
    ("\u0662\u0660\u0662\u0666 \u0968", "2026 2"),
    ("O\u2019Brien O\u02bcBrien O\u2018Brien", "o'brien o'brien o'brien"),
    ("co\u00adoperate\u200f", "cooperate"),
    ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u064a\u0631\u0636\u0627"),
    ("cafe\u0301", "CAFÉ"),
    ("\uff83\uff9e\uff70\uff80", "データ"),
]
OTHER = [
    ("ガ", "カ"),  # voiced or not, another sound
    ("\u0915\u093f", "\u0915\u0941"),  # vowels of Devanagari
    ("ที่", "ทื่"),  # and of Thai
    ("o", "\u03bf"),  # a look-alike is no other writing of a letter
    ("C++", "C#"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_these_are_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_these_are_not_the_same(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_folding_again_changes_nothing() -> None:
    """For all characters, so that repeated folding of either side does not matter."""
    assigned = (
        one for one in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(one) not in {"Cn", "Co", "Cs"}
    )
    folded = fold("\n".join(assigned))
    assert [one for one in folded.split("\n") if fold(one) != one] == []


def test_sending_all_characters_fills_no_memory() -> None:
    folds = Folds()
    "".join(map(chr, range(0xD800))).translate(folds)
    assert len(folds) <= MOST_KEPT


def test_once_all_characters_were_sent_new_ones_are_still_remembered() -> None:
    """Otherwise the first 20,000 characters of a process would make all later ones slow."""
    folds = Folds()
    "".join(map(chr, range(0x20000, 0x20000 + MOST_KEPT + 1))).translate(folds)
    assert ("\ufdfa".translate(folds), ord("\ufdfa") in folds) == ("صلى الله عليه وسلم".replace("ى", "ي"), True)
