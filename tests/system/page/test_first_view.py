# file: only with posts
"""What a first visit takes: requests and bytes; with `make timing-page`, the time over a slow network."""

import statistics
from dataclasses import dataclass

import httpx
import pytest
from playwright.async_api import Response

from tests.system.page.conftest import Visit

pytestmark = pytest.mark.page

SLOW = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
NOTE_POSTS = """new MutationObserver(() => {
    if (document.querySelector(".posts > li, article")) window.shown ??= performance.now();
}).observe(document, { childList: true, subtree: true })"""


@pytest.mark.usefixtures("world")
async def test_the_front_page_takes_few_requests(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    answers: list[Response] = []
    ada.page.on("response", lambda answer: answers.append(answer))
    await ada.page.goto(ada.url)
    await ada.page.locator(".posts > li").first.wait_for()
    await ada.page.wait_for_load_state("networkidle")
    asked = [answer.url.removeprefix(ada.url) for answer in answers]
    assert len([url for url in asked if url.startswith("/page/")]) <= 6, asked
    assert [url for url in asked if url == "/posts"] == ["/posts"], asked  # start.js asks for it, and the view does not
    sizes = [(await answer.request.sizes())["responseBodySize"] for answer in answers]
    assert sum(sizes) < 50_000, dict(zip(asked, sizes, strict=True))


@dataclass(frozen=True)
class Times:
    """In ms since the request."""

    painted: float
    shown: float


async def first_visit(visit: Visit, place: str) -> Times:
    ada = await visit("Ada Lovelace")
    await ada.page.add_init_script(NOTE_POSTS)
    session = await ada.page.context.new_cdp_session(ada.page)
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", SLOW)
    await ada.page.goto(ada.url + place, wait_until="commit")
    await ada.page.wait_for_function("() => window.shown")
    return Times(await ada.page.evaluate(PAINTED), await ada.page.evaluate("window.shown"))


async def newest_post(url: str) -> str:
    async with httpx.AsyncClient(base_url=url) as client:
        posts = (await client.get("/posts", params={"limit": 1})).raise_for_status().json()
    return f"/post/{posts['items'][0]['id']}"


@pytest.mark.timing
@pytest.mark.usefixtures("world")
async def test_the_first_content_comes_within_a_second_and_a_half(visit: Visit, url: str) -> None:
    """Over 400 kbit/s with 400 ms to and fro, from an empty cache; the median of five visits to each place."""
    painted = {}
    for place in ("/", await newest_post(url)):
        visits = [await first_visit(visit, place) for _ in range(5)]
        painted[place] = statistics.median(one.painted for one in visits)
        shown = statistics.median(one.shown for one in visits)
        print(f"{place}: first content after {painted[place]:.0f} ms, the first post after {shown:.0f} ms")
    assert max(painted.values()) <= 1500, painted
