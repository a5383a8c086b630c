"""The cost of lists in a large database: milliseconds of sequential requests on one connection."""

import asyncio
import statistics
import time
from typing import Any, Final

import asyncpg
import httpx

from tests.benchmarks import rows
from tests.benchmarks.load import Load

FOLLOWEES: Final = 1_000
PATHS: Final = {
    "newest": "/posts",
    "author": "/posts?author_id=10",
    "author_and_tag": "/posts?author_id=10&tag=astronomy",
    "tag_of_a_tenth": "/posts?tag=astronomy",
    "tag_of_a_thousandth": "/posts?tag=comets",
    "top": "/posts?sort=top",
    "top_of_author": "/posts?sort=top&author_id=10",
    "top_of_tag_of_a_tenth": "/posts?sort=top&tag=astronomy",
    "top_of_tag_of_a_thousandth": "/posts?sort=top&tag=comets",
    "word_in_all": "/posts?q=clear",
    "word_in_half": "/posts?q=second",
    "word_in_a_hundredth": "/posts?q=hundredth",
    "word_in_a_ten_thousandth": "/posts?q=tenthousandth",
    "word_in_one": "/posts?q=777",
    "word_in_none": "/posts?q=nowhere",
    "tags": "/posts/tags",
}
"""Words and tags are those of `rows.FILL_POSTS`."""
WORST: Final = {
    "top_of_tag_of_a_third_that_nobody_likes": "/posts?sort=top&tag=unliked",
    "two_words_that_half_have_and_none_both": "/posts?q=second other",
    "all_words_of_a_post_but_in_no_post_side_by_side": '/posts?q="clear was"',
    "a_beginning_that_all_have_beside_a_word_that_none_has": "/posts?q=nowhere p",
    "a_word_that_all_have_by_an_author_beside_one_that_none_has": "/posts?author_id=10&q=clear nowhere",
    "a_word_that_none_has_with_a_tag_of_a_third": "/posts?tag=unliked&q=nowhere",
}
"""The most expensive lists and searches; one may exceed the time limit, as `search-too-slow`."""
LONGEST: Final = 300
"""More of the longest posts than a search scans."""

FOLLOW: Final = """
INSERT INTO follows (follower_id, followee_id, active, version)
SELECT $1, n, true, 1 FROM generate_series($2::bigint, $3::bigint) AS n
"""


async def follow(dsn: str, reader: int, first: int) -> None:
    """Let a person follow 1,000 people: authors have the ids 1 to 1,000, higher ids have no posts."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(FOLLOW, reader, first, first + FOLLOWEES - 1)
    await connection.execute("ANALYZE follows")
    await connection.close()


def worst(base: str, path: str, rounds: int) -> float:
    """Milliseconds until a search is answered, or refused at the time limit."""
    took = []
    with httpx.Client(base_url=base, trust_env=False) as client:
        for _ in range(max(3, rounds)):
            started = time.perf_counter()
            reply = client.get(path)
            took.append(1000 * (time.perf_counter() - started))
            if reply.status_code != 200 and reply.json()["code"] != "search-too-slow":
                raise ValueError(f"{path}: {reply.text}")
    return statistics.median(took)


def measure(base: str, dsn: str, readers: dict[str, tuple[int, str]], rounds: int) -> dict[str, Any]:
    """`readers` are the ids and tokens of three people who follow nobody yet."""
    firsts = {"feed_of_busy": 1, "feed_of_silent": FOLLOWEES + 1, "feed_of_both": FOLLOWEES // 2 + 1}
    requests = {name: (path, next(iter(readers.values()))[1]) for name, path in PATHS.items()}
    for name, first in firsts.items():
        reader, token = readers[name]
        asyncio.run(follow(dsn, reader, first))
        requests[name] = ("/posts/feed", token)
    found = {}
    for name, (path, token) in requests.items():
        load = Load("GET", path, [token], connections=1)
        load.slice(base, 5)  # the first read may come from the disk
        found[f"{name}_ms"] = 1000 / statistics.median(load.slice(base, 1) for _ in range(max(1, rounds // 2)))
    for name, path in WORST.items():
        found[f"{name}_ms"] = worst(base, path, rounds)
    return {"name": "lists", **found}


def measure_longest(base: str, dsn: str, rounds: int) -> dict[str, Any]:
    """A word without matches, while the newest posts are the longest: among all posts, and among their author's."""
    asyncio.run(rows.fill_longest(dsn, LONGEST))
    return {
        "name": "longest_posts",
        "word_in_none_ms": worst(base, "/posts?q=nowhere", rounds),
        "word_in_none_by_their_author_ms": worst(base, "/posts?author_id=1&q=nowhere", rounds),
    }
