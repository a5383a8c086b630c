# file: only with posts
"""The console in a browser: an operator's story, and each view in both colours and sizes."""

import asyncio
import os
import re
import secrets
import signal
from typing import Literal

import pytest
from httpx import AsyncClient
from playwright.async_api import Page, expect

from tests.system.conftest import LocalStack
from tests.system.page.conftest import SIZES, Looks, Visit, Visitor, faults
from tests.system.page.test_admin import ARRIVED, MEND, MENDED, an_admin, because, parked, statement, until

pytestmark = pytest.mark.page

SLOW = "BEGIN; LOCK TABLE posts; SELECT pg_sleep(1); COMMIT"


@pytest.fixture(scope="module")
def url(with_console: LocalStack) -> str:
    """The gateway of the stack that has a console."""
    return with_console.url


async def operator(visit: Visit, stack: LocalStack, *size: str, **options: str) -> Visitor:
    """Somebody who has opened the link of `make status`."""
    somebody = await visit("An operator", *size, **options)
    link = stack.console_link()
    somebody.url, somebody.prefix = link.partition("/?")[0], "/#"
    await somebody.page.goto(link)
    await expect(somebody.page.get_by_role("heading", name="Processes")).to_be_visible()
    return somebody


async def test_an_operator_sees_a_killed_service_and_stops_and_starts_it(
    visit: Visit, with_console: LocalStack
) -> None:
    somebody = await operator(visit, with_console)
    page = somebody.page
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="users"))
    await expect(row.locator(".state")).to_have_text("up")
    os.kill(with_console.pids()["users"], signal.SIGKILL)
    await expect(row).to_contain_text("was ended by SIGKILL")
    await expect(row.locator(".state")).to_have_text("up")

    await somebody.press("Stop users")
    await somebody.is_told("users is being stopped.")
    await expect(row.locator(".state")).to_have_text("stopped")
    await somebody.go("/picture")
    await expect(page.locator(".node.down").filter(has_text="users")).to_contain_text("0 of 1 ready")
    await somebody.go("/processes")
    await row.get_by_role("button", name="Start users").focus()
    await page.keyboard.press("Enter")
    await expect(row.locator(".state")).to_have_text("up")
    await somebody.press("Restart users")
    await somebody.is_told("users was restarted.")


async def test_an_operator_finds_a_poisoned_event_a_slow_query_and_a_disabled_person(
    visit: Visit, with_console: LocalStack
) -> None:
    number = secrets.randbelow(10**6) + 1
    await parked(with_console, number)
    ada = await visit("Ada Lovelace")
    ada.expected |= {"401 (Unauthorized)"}
    await ada.sign_up()
    post = await ada.publish("First light", "It was a clear night.")
    grace = await an_admin(visit, with_console)
    console = await operator(visit, with_console)

    await console.go("/metrics")
    event = console.page.get_by_role("row").filter(has_text="profile")
    await expect(event.locator(".state")).to_have_text("1")
    place = await console.page.get_by_role("link", name="The administration").get_attribute("href")
    assert place == f"{with_console.url}/admin/events"
    await grace.page.goto(place)
    poisoned = grace.page.locator("li.event").filter(has_text=f"profile:{number}@1")
    await expect(poisoned).to_contain_text("avatar_url (missing)")
    statement(with_console, "users", MEND.format(MENDED, number))
    await because(grace, f"Replay profile:{number} to posts", "The sender is mended", "The event is sent again.")
    await until(with_console, "posts", ARRIVED.format(number), "1")
    await console.sees("Every event has been delivered.")

    locking = asyncio.create_task(asyncio.to_thread(statement, with_console, "posts", SLOW))
    async with AsyncClient(base_url=with_console.url, trust_env=False, timeout=30) as gateway:
        while not locking.done():
            assert (await gateway.get(f"/posts/{post}")).status_code == 200
    await locking
    await find_the_slow_query(console, post)

    await grace.go(f"/admin?q={ada.email}")
    await grace.page.get_by_role("list", name="Accounts").get_by_role("link", name="Ada Lovelace").click()
    await because(grace, "Disable", "Spam, ticket 4712", "Ada Lovelace is disabled.")
    row = grace.page.get_by_role("list", name="Lines of the audit trail").get_by_role("listitem")
    await expect(row.filter(has_text="status-changed").first).to_contain_text("Spam, ticket 4712")

    await console.go("/mails")
    await console.page.get_by_role("button").filter(has_text=ada.email).first.click()
    mail = console.page.frame_locator("iframe")
    await expect(mail.get_by_role("heading", name="Confirm your e-mail address")).to_be_visible()
    async with console.page.context.expect_page() as opened:
        await mail.get_by_role("link").first.click()
    link: Page = await opened.value
    await expect(link.get_by_role("button", name="Confirm")).to_be_visible()


async def find_the_slow_query(console: Visitor, post: int) -> None:
    """By its trace, from there to its log line, and back."""
    page = console.page
    await console.go("/traces")
    await console.fill("Text: a path, table or statement", f"/posts/{post}")
    await page.get_by_label("Slowest first").check()
    await page.get_by_label("At least, in milliseconds").select_option("100")
    await expect(page).to_have_url(re.compile("min_ms=100"))
    slow = page.locator("tbody tr").filter(has=page.locator("td b", has_text=re.compile(r"^\d{3,}")))
    await slow.get_by_role("link", name="GET /posts/{post_id}").first.click()
    spans = page.get_by_role("list", name="Spans").get_by_role("listitem")
    query = spans.filter(has_text="SELECT posts")
    took = await query.locator(".number").inner_text()
    assert float(took.removesuffix(" ms")) > 100
    await query.get_by_role("button").click()
    await expect(query).to_contain_text("posts.repositories.post_rows:GET")
    assert await faults(console) == []
    trace = page.url
    await page.get_by_role("link", name="Log lines of this trace").click()
    line = page.get_by_role("list", name="Log lines").get_by_role("listitem").filter(has_text=f"path=/posts/{post}")
    await line.get_by_role("link", name="trace").click()
    await expect(page.get_by_role("list", name="Spans")).to_be_visible()
    assert page.url == trace


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
async def test_every_view_of_the_console_is_fit_to_be_shown(
    visit: Visit, with_console: LocalStack, size: str, scheme: Literal["light", "dark"]
) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.publish("First light", "It was a clear night.")
    somebody = await operator(visit, with_console, size, color_scheme=scheme)
    looks = Looks(size, scheme)
    await looks.look(somebody, "console-processes", "/processes", "table")
    await looks.look(somebody, "console-picture", "/picture", ".node")
    await looks.look(somebody, "console-metrics", "/metrics", ".spark")
    await looks.look(somebody, "console-logs", "/logs", ".line")
    await looks.look(somebody, "console-mails", "/mails", ".mail")
    await looks.look(somebody, "console-statements", "/statements", "table")
    await looks.look(somebody, "console-traces", "/traces?text=INSERT", "tbody a")
    await somebody.page.locator("tbody a").first.click()
    await looks.look(somebody, "console-trace", "", ".waterfall")
    assert looks.faulty == {}
