"""The seeded world: people, posts, comments and likes. The same SEED and SIZE give the same world.

It knows no tables. Few people write much and have many followers; most only read.
"""

from __future__ import annotations

import random
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Final

from deploy.seed.words import BIOS, COMMENTS, FIRST_NAMES, LAST_NAMES, SENTENCES, TITLES, TOPICS

BEGIN: Final = datetime(2025, 1, 2, tzinfo=UTC)
END: Final = datetime(2026, 7, 1, tzinfo=UTC)
"""The world always ends at this moment, so that all activity in the stack itself is newer."""
ACCOUNT_EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
POSTS_PER_PERSON: Final = 20
DRAFTS: Final = 0.03
LIKES_PER_POST: Final = 5
COMMENTS_PER_POST: Final = 2
FOLLOWS_PER_PERSON: Final = 25
BLOCKS_PER_PERSON: Final = 0.05
MICROSECOND: Final = timedelta(microseconds=1)
SPAN: Final = (END - BEGIN) // MICROSECOND


@dataclass(frozen=True, slots=True)
class Person:
    """A person with an account."""

    id: int
    name: str
    email: str
    bio: str
    topics: tuple[str, str]
    since: datetime


@dataclass(frozen=True, slots=True)
class Post:
    """A post, or a draft if it was never published. `id` counts from 1."""

    id: int
    author: Person
    title: str
    body: str
    tags: list[str]
    created_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment under a post."""

    post_id: int
    author: Person
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Like:
    """A like of a post."""

    post_id: int
    person: Person
    created_at: datetime


def filled(templates: Sequence[str], topic: str) -> list[str]:
    """Each template, filled with each pair of the topic's things."""
    things = TOPICS[topic]
    return [
        template.format(a=a, b=b, A=a[0].upper() + a[1:], topic=topic)
        for template in templates
        for a, b in zip(things, things[1:] + things[:1], strict=True)
    ]


def plain(name: str) -> str:
    """A name in the form for addresses."""
    return "".join(letter for letter in unicodedata.normalize("NFD", name.lower()) if "a" <= letter <= "z")


@dataclass
class World:
    """Generates the world: each kind once, in the order of the methods."""

    size: int
    seed: int
    chance: random.Random = field(init=False)
    people: list[Person] = field(init=False)
    likes_of: array[int] = field(init=False)
    """Likes of each post, by its place."""
    comments_of: array[int] = field(init=False)
    published: array[int] = field(init=False)
    """Each post's publication, in microseconds after BEGIN; -1 for a draft."""
    posts_of: array[int] = field(init=False)
    """Published posts of each person."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311  # it must be reproducible
        count = max(50, self.size // POSTS_PER_PERSON)
        self.people = list(self._people(count))
        self._fame = list(accumulate(1 / (rank + 3) ** 0.9 for rank in range(count)))
        self._texts = {topic: (filled(TITLES, topic), filled(SENTENCES, topic)) for topic in TOPICS}
        self._remarks = {topic: filled(COMMENTS, topic) for topic in TOPICS}
        self.likes_of = array("i", bytes(4 * self.size))
        self.comments_of = array("i", bytes(4 * self.size))
        self.published = array("q")
        self._topics_of: list[str] = []
        self._author_of = array("i")
        self.posts_of = array("i", bytes(4 * count))

    def _people(self, count: int) -> Iterator[Person]:
        chance, topics = self.chance, list(TOPICS)
        first_names, last_names = FIRST_NAMES.split(), LAST_NAMES.split()
        moments = sorted(
            chance.sample(range(SPAN // 1_000_000 // 2), count)
        )  # seconds: all have signed up by half of the time
        for number, second in enumerate(moments):
            first, last = chance.choice(first_names), chance.choice(last_names)
            topic, other = chance.sample(topics, 2)
            since = BEGIN + timedelta(seconds=second)
            bio = chance.choice(BIOS).format(topic=topic, other=other, Topic=topic.capitalize())
            # as auth makes them: milliseconds, then 12 random bits
            id_ = ((since - ACCOUNT_EPOCH) // timedelta(milliseconds=1) << 12) | chance.getrandbits(12)
            email = f"{plain(first)}.{plain(last)}.{self.seed}.{number}@example.com"  # unique across worlds too
            yield Person(id_, f"{first} {last}", email, bio, (topic, other), since)

    def some(self, most: int) -> set[int]:
        """Places of up to so many people; famous ones are chosen more often."""
        return set(self.chance.choices(range(len(self.people)), cum_weights=self._fame, k=most))

    def follows(self) -> list[tuple[int, int]]:
        """Follows, by places: each pair once, and none despite a block."""
        count = len(self.people)
        edges = []
        for follower in range(count):
            wanted = min(count // 2, int(self.chance.expovariate(1 / FOLLOWS_PER_PERSON)) + 1)
            edges += [(follower, followee) for followee in sorted(self.some(wanted) - {follower})]
        return edges

    def blocks(self, follows: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Blocks between people who do not follow each other."""
        count, taken = len(self.people), set(follows)
        found: set[tuple[int, int]] = set()
        while len(found) < count * BLOCKS_PER_PERSON:
            one, other = self.chance.sample(range(count), 2)
            if taken.isdisjoint({(one, other), (other, one)}):
                found.add((one, other))
        return sorted(found)

    def later(self, *people: Person) -> datetime:
        """A moment after all of them have signed up."""
        begin = max(person.since for person in people)
        return begin + (END - begin) * self.chance.random()

    def posts(self) -> Iterator[Post]:
        """All posts, the oldest first."""
        chance, step, places = self.chance, SPAN // 2 // self.size, range(len(self.people))
        authors = chance.choices(places, cum_weights=self._fame, k=self.size)
        for number, place in enumerate(authors):
            author = self.people[place]
            # in the second half of the time, after all have signed up
            micros = SPAN // 2 + number * step + chance.randrange(step)
            topic = author.topics[chance.random() < 0.3]
            titles, sentences = self._texts[topic]
            paragraphs = [" ".join(chance.sample(sentences, chance.randint(2, 5))) for _ in range(chance.randint(1, 3))]
            tags = [topic] if chance.random() < 0.85 else []
            if chance.random() < 0.15:
                tags += [tag for tag in author.topics if tag not in tags]
            is_draft = chance.random() < DRAFTS
            created = BEGIN + micros * MICROSECOND
            published = None if is_draft else created
            self.published.append(-1 if is_draft else micros)
            self.posts_of[place] += not is_draft
            self._author_of.append(place)
            self._topics_of.append(topic)
            yield Post(number + 1, author, chance.choice(titles), "\n\n".join(paragraphs), tags, created, published)

    def _published(self) -> Iterator[tuple[int, int, int]]:
        """Place, moment and author of each published post."""
        for place, micros in enumerate(self.published):
            if micros >= 0:
                yield place, micros, self._author_of[place]

    def likes(self) -> Iterator[Like]:
        """All likes, by post; a few posts have very many."""
        chance, count = self.chance, len(self.people)
        for place, micros, author in self._published():
            luck = chance.paretovariate(1.25) * (2 if author < count // 20 else 1) * LIKES_PER_POST / 6
            fans = sorted(set(chance.choices(range(count), k=min(count // 2, int(luck)))))
            self.likes_of[place] = len(fans)
            for fan in fans:
                at = BEGIN + (micros + int((SPAN - micros) * chance.random() ** 3)) * MICROSECOND
                yield Like(place + 1, self.people[fan], at)

    def comments(self) -> Iterator[Comment]:
        """All comments, by post, the oldest first. Posts with many likes have many comments."""
        chance, count = self.chance, len(self.people)
        for place, micros, _ in self._published():
            said = int((self.likes_of[place] / LIKES_PER_POST + 1) * COMMENTS_PER_POST * chance.random() + 0.1)
            self.comments_of[place] = said
            moments = sorted(chance.random() ** 3 for _ in range(said))
            remarks = self._remarks[self._topics_of[place]]
            for moment in moments:
                at = BEGIN + (micros + int((SPAN - micros) * moment)) * MICROSECOND
                yield Comment(place + 1, self.people[chance.randrange(count)], chance.choice(remarks), at)
