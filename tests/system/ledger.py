"""What was asked for and what was answered. From it, and from what is there in the end, comes the verdict.

An answer is `ok`, `fail` (it was refused: nothing was done), or `unknown`: nobody can know whether it was done.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import httpx

Answer = Literal["ok", "fail", "unknown"]
Name = tuple[str, int, int]
"""Of something that has one value: ("bio", person, 0), ("follow", follower, followed), ("like", person, post)."""
NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
NO_RETRY_AFTER: Final = " (without Retry-After)"
AT_WORK: Final = "request-in-progress"
"""Of a 409: the request is there twice. The gateway repeats one with an Idempotency-Key when its connection breaks."""
BEFORE_ANYTHING: Final = frozenset({"keys-unavailable", "overloaded"})
"""Codes of a 503 that is said before anything is done."""


def judged(reply: httpx.Response | httpx.HTTPError, wanted: int) -> tuple[Answer, str]:
    """What an answer, or its absence, tells; with a reason unless all is well."""
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
    return "unknown", said  # 0, too: the connection ended without an answer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request; `reason` is empty when it was answered as it should be."""

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
    """A post or a comment, told by its text from all others of its author."""

    path: str
    text: str
    author: int
    key: str
    """The Idempotency-Key under which it may be asked for again; empty if there was none."""
    answer: Answer = "unknown"
    said: str = ""
    """The answer in words, or the lack of one; empty while the request is under way."""
    id: int | None = None

    @property
    def body(self) -> dict[str, str]:
        return {"title": self.text, "body": "b"} if self.path == "/posts" else {"body": self.text}


@dataclass(frozen=True, slots=True)
class Write:
    """A change of something that has one value."""

    value: object
    began: float
    ended: float
    answer: Answer


@dataclass(slots=True)
class Verdict:
    """What went wrong, in words; nothing, if all is well."""

    lost: list[str] = field(default_factory=list)
    """Answered as done, and not there."""
    dup: list[str] = field(default_factory=list)
    """Done more than once."""
    ghost: list[str] = field(default_factory=list)
    """Refused, or never asked for, and there."""
    torn: list[str] = field(default_factory=list)
    """Done by half: a counter, an event or a read model that does not fit the rest."""
    signed_out: list[str] = field(default_factory=list)
    """Somebody who only used the token they had."""


@dataclass
class Ledger:
    """All writes of a load."""

    creations: list[Creation] = field(default_factory=list)
    writes: dict[Name, list[Write]] = field(default_factory=dict)
    signed_out: list[str] = field(default_factory=list)
    late: int = 0
    """How often no answer came for longer than the grace of a refresh: an earlier try that was held up may follow."""

    def create(self, path: str, text: str, author: int, *, key: str = "") -> Creation:
        """Note that something is about to be asked for."""
        self.creations.append(Creation(path, text, author, key))
        return self.creations[-1]

    def wrote(self, name: Name, write: Write) -> None:
        """Note a change and its answer."""
        self.writes.setdefault(name, []).append(write)

    def famous(self) -> Sequence[Creation]:
        """The posts that everybody likes and comments on."""
        return [one for one in self.creations[:40] if one.path == "/posts" and one.answer == "ok"]

    def unknown(self) -> Sequence[Creation]:
        """What was asked for, may be asked for again, and is to have one effect in the end: not what is under way."""
        return [one for one in self.creations if one.answer == "unknown" and one.said and one.key]

    def compare_created(self, path: str, found: Mapping[tuple[int, str], Sequence[int]], verdict: Verdict) -> None:
        """`found`: the ids of what is there below the path, by author and text."""
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
        """The value must be the one that was answered last, or one whose answer came later or never.

        What began before the last change was answered may have been done after it; what was never answered at any time,
        but for what is too old to be under way anywhere.
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
        """`done`: how often it was changed. Not less often than was answered, and not more often than was asked for."""
        answers = Counter(write.answer for write in self.writes.get(name, ()))
        if done < answers["ok"]:
            verdict.lost.append(f"{name} was changed {done} times, and {answers['ok']} were answered")
        if done > answers["ok"] + answers["unknown"]:
            verdict.dup.append(f"{name} was changed {done} times, of {answers}")


FORGOTTEN_AFTER: Final = 120.0
"""Seconds. The longest pause of a process that a test makes is 60."""
INITIAL: Final[Mapping[str, object]] = {"bio": "", "follow": False, "like": False}
