# file: only with posts
"""The ledger's judgement of answers and final states."""

import httpx
import pytest

from tests.system.ledger import Answer, Ledger, Verdict, Write, judged

BIO = ("bio", 7, 0)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (httpx.Response(201), "ok"),
        (httpx.Response(422), "fail"),
        (httpx.Response(503, json={"code": "overloaded"}), "fail"),
        (httpx.ConnectError("refused"), "fail"),
        (httpx.Response(503, json={"code": "database-unavailable"}), "unknown"),
        (httpx.Response(409, json={"code": "request-in-progress"}), "unknown"),
        (httpx.Response(0), "unknown"),
        (httpx.ReadTimeout("late"), "unknown"),
    ],
)
def test_only_what_proves_something_is_believed(reply: httpx.Response | httpx.HTTPError, answer: Answer) -> None:
    assert judged(reply, 201)[0] == answer


def test_lost_doubled_and_invented_posts_are_told() -> None:
    ledger, verdict = Ledger(), Verdict()
    answers: list[tuple[str, Answer]] = [("kept", "ok"), ("lost", "ok"), ("refused", "fail"), ("open", "unknown")]
    for number, (text, answer) in enumerate(answers):
        one = ledger.create("/posts", text, 7)
        one.answer, one.id = answer, number
    found = {(7, "kept"): [0], (7, "refused"): [2], (7, "open"): [3, 4], (7, "from nowhere"): [5]}
    ledger.compare_created("/posts", found, verdict)
    assert [len(kind) for kind in (verdict.lost, verdict.dup, verdict.ghost)] == [1, 1, 2]


@pytest.mark.parametrize(("found", "lost"), [("b", 0), ("c", 0), ("d", 0), ("a", 1), ("e", 1), ("", 1)])
def test_a_value_is_the_last_that_was_answered_or_one_that_never_was(found: str, lost: int) -> None:
    ledger, verdict = Ledger(), Verdict()
    ledger.wrote(BIO, Write("e", -200.0, -150.0, "unknown"))  # after two minutes it cannot be running any more
    ledger.wrote(BIO, Write("d", 0.0, 1.0, "unknown"))
    ledger.wrote(BIO, Write("a", 2.0, 3.0, "ok"))
    ledger.wrote(BIO, Write("b", 4.0, 5.0, "ok"))
    ledger.wrote(BIO, Write("c", 4.5, 9.0, "unknown"))
    ledger.compare_value(BIO, found, verdict)
    assert len(verdict.lost) == lost


def test_what_is_under_way_is_not_asked_for_again() -> None:
    ledger = Ledger()
    answered, under_way = (ledger.create("/posts", text, 7, key=text) for text in ("answered", "under way"))
    answered.said = "0 "
    assert ledger.unknown() == [answered]
    assert under_way.answer == "unknown"


@pytest.mark.parametrize(("done", "lost", "dup"), [(1, 1, 0), (2, 0, 0), (3, 0, 0), (4, 0, 1)])
def test_a_change_that_was_lost_or_done_twice_is_told_though_others_came_later(done: int, lost: int, dup: int) -> None:
    ledger, verdict = Ledger(), Verdict()
    answers: list[Answer] = ["ok", "unknown", "fail", "ok"]
    for number, answer in enumerate(answers):
        ledger.wrote(BIO, Write(str(number), number, number + 1, answer))
    ledger.compare_changes(BIO, done, verdict)
    assert (len(verdict.lost), len(verdict.dup)) == (lost, dup)
