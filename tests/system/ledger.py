# file: only with posts
"""The ledger of requests and answers. The verdict compares it with the final state of the databases.

An answer is `ok`, `fail` (refused: nothing was done), or `unknown`, if it may have been done or not.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import httpx

Answer = Literal["ok", "fail", "unknown"]
Name = tuple[str, int, int]
"""The key of a single value: ("bio", person, 0), ("follow", follower, followed), ("like", person, post)."""
NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
NO_RETRY_AFTER: Final = " (without Retry-After)"
AT_WORK: Final = "request-in-progress"
"""The code of a 409 for a concurrent repetition. The gateway repeats a request with an Idempotency-Key after a broken
connection."""
BEFORE_ANYTHING: Final = frozenset({"keys-unavailable", "overloaded"})
"""Codes of a 503 before anything was done."""


def judged(reply: httpx.Response | httpx.HTTPError, wanted: int) -> tuple[Answer, str]:
    """The outcome of an answer, or of its absence; with a reason unless it is `ok`."""
    if isinstance(reply, httpx.HTTPError):
        return ("fail" if isinstance(reply, NEVER_SENT) else "unknown"), repr(reply)
    if reply.status_code == wanted:
        return "ok", ""
    said = f"{reply.status_code} {reply.text[:200]}"
    if reply.status_code == 503 and "Retry-After" not in reply.headers:
        said += NO_RETRY_AFTER
    refused = 400 <= reply.status_code < 500 and AT_WORK not in reply.text
    if refused or any(code in reply.text for code in BEFORE_ANYTHING):
        return "fail", said
    return "unknown", said  # also 0: the connection ended without an answer


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one request; `reason` is empty after the expected answer."""

    kind: str
    at: float
    seconds: float
    answer: Answer
    reason: str

    @property
    def ended(self) -> float:
        return self.at + self.seconds


@dataclass(slots=True)
class Creation:
    """A post or a comment, identified by its text among those of its author."""

    path: str
    text: str
    author: int
    key: str
    """The Idempotency-Key for repetitions, if any."""
    answer: Answer = "unknown"
    said: str = ""
    """The answer, or a note of its absence; empty while the request is running."""
    id: int | None = None

    @property
    def body(self) -> dict[str, str]:
        return {"title": self.text, "body": "b"} if self.path == "/posts" else {"body": self.text}


@dataclass(frozen=True, slots=True)
class Write:
    """A change of a single value."""

    value: object
    began: float
    ended: float
    answer: Answer


@dataclass(slots=True)
class Verdict:
    """Descriptions of all errors; empty without errors."""

    lost: list[str] = field(default_factory=list)
    """Acknowledged, but missing."""
    dup: list[str] = field(default_factory=list)
    """Applied more than once."""
    ghost: list[str] = field(default_factory=list)
    """Present, although refused or never requested."""
    torn: list[str] = field(default_factory=list)
    """Partially applied: a counter, an event or a read model that does not match the rest."""
    signed_out: list[str] = field(default_factory=list)
    """A session that ended although its owner only used their current token."""


@dataclass
class Ledger:
    """All writes of a load."""

    creations: list[Creation] = field(default_factory=list)
    writes: dict[Name, list[Write]] = field(default_factory=dict)
    signed_out: list[str] = field(default_factory=list)
    late: int = 0
    """How often an answer took longer than the refresh grace period: an earlier, delayed attempt may follow."""

    def create(self, path: str, text: str, author: int, *, key: str = "") -> Creation:
        """Record a request before it is sent."""
        self.creations.append(Creation(path, text, author, key))
        return self.creations[-1]

    def wrote(self, name: Name, write: Write) -> None:
        """Record a change and its answer."""
        self.writes.setdefault(name, []).append(write)

    def famous(self) -> Sequence[Creation]:
        """The posts that all people like and comment on."""
        return [one for one in self.creations[:40] if one.path == "/posts" and one.answer == "ok"]

    def unknown(self) -> Sequence[Creation]:
        """Requests that may be repeated and must have one effect in the end; without running ones."""
        return [one for one in self.creations if one.answer == "unknown" and one.said and one.key]

    def compare_created(self, path: str, found: Mapping[tuple[int, str], Sequence[int]], verdict: Verdict) -> None:
        """`found`: the ids of existing items below the path, by author and text."""
        asked = {(one.author, one.text): one for one in self.creations if one.path == path}
        for name, one in asked.items():
            ids = found.get(name, ())
            if one.answer == "ok" and one.id not in ids:
                verdict.lost.append(f"{path} {name}: {one.id} was answered, {ids} is there")
            if one.answer == "fail" and ids:
                verdict.ghost.append(f"{path} {name} was refused ({one.said}), and {ids} is there")
            if len(ids) > 1:
                verdict.dup.append(f"{path} {name}: {ids}")
        verdict.ghost += [f"{path} {name} was never asked for" for name in found.keys() - asked.keys()]

    def compare_value(self, name: Name, found: object, verdict: Verdict) -> None:
        """The value must be that of the last acknowledged change, or of a change with a later or no answer.

        A change that began before the last acknowledgement may have been applied after it. A change without an answer
        may have been applied at any time, unless it is too old to be still running.
        """
        writes = self.writes[name]
        last = max((write.began for write in writes if write.answer == "ok"), default=None)
        may_be = {
            write.value
            for write in writes
            if write.answer != "fail"
            and (last is None or write.ended >= last - (FORGOTTEN_AFTER if write.answer == "unknown" else 0.0))
        }
        if last is None:
            may_be.add(INITIAL[name[0]])
        if found not in may_be:
            refused = any(write.value == found and write.answer == "fail" for write in writes)
            held_before = any(write.value == found and write.answer != "fail" for write in writes)
            (verdict.ghost if refused and not held_before else verdict.lost).append(
                f"{name} is {found!r}, not one of {may_be}"
            )

    def compare_changes(self, name: Name, done: int, verdict: Verdict) -> None:
        """`done`: the number of applied changes, at least those acknowledged and at most those requested."""
        answers = Counter(write.answer for write in self.writes.get(name, ()))
        if done < answers["ok"]:
            verdict.lost.append(f"{name} was changed {done} times, and {answers['ok']} were answered")
        if done > answers["ok"] + answers["unknown"]:
            verdict.dup.append(f"{name} was changed {done} times, of {answers}")


FORGOTTEN_AFTER: Final = 120.0
"""Seconds. Tests stop a process for at most 60."""
INITIAL: Final[Mapping[str, object]] = {"bio": "", "follow": False, "like": False}
