"""Administration on the page: somebody who lost a phone, somebody who misbehaves, and an event that nobody takes."""

import asyncio
import secrets
from typing import Final, Literal

import pytest
from playwright.async_api import Route, expect

from deploy.services import DATABASES
from tests.system.conftest import LocalStack
from tests.system.page.conftest import SIZES, Looks, Visit, Visitor, faults, grant_role
from tests.system.page.test_second_factor import turn_on
from tests.waiting import eventually

pytestmark = pytest.mark.page

# begin: only with posts
PARK: Final = (
    "INSERT INTO outbox (target, type, subject, version, data) VALUES ('posts', 'profile', 'profile:{}', 1, '{}')"
)
MEND: Final = "UPDATE outbox SET data = '{}' WHERE subject = 'profile:{}'"
WAITS: Final = "SELECT count(*) FROM outbox WHERE subject = 'profile:{}' AND parked_at IS NULL"
ARRIVED: Final = "SELECT count(*) FROM authors WHERE id = {} AND name = 'Mended'"
POISONED: Final = '{"name": "Ada"}'
MENDED: Final = '{"name": "Mended", "avatar_url": null}'
# end: only with posts


# begin: only with posts
def statement(stack: LocalStack, service: str, sql: str) -> str:
    """Run SQL as the owner of a service's database."""
    done = stack.run("psql", service, "--arguments", f'-At -c "{sql.replace(chr(34), chr(92) + chr(34))}"')
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


async def until(stack: LocalStack, service: str, sql: str, answer: str) -> None:
    async def is_so() -> bool:
        return await asyncio.to_thread(statement, stack, service, sql) == answer

    await eventually(is_so)


# end: only with posts
async def an_admin(visit: Visit, stack: LocalStack, *size: str, **options: str) -> Visitor:
    grace = await visit("Grace Hopper", *size, **options)
    grace.expected |= {"401 (Unauthorized)"}  # a token from before the change of roles
    await grace.sign_up()
    grant_role(stack, grace, "admin")
    await grace.page.reload()
    await expect(grace.page.get_by_label("Your menu")).to_be_visible()
    return grace


async def because(grace: Visitor, button: str, why: str, done: str) -> None:
    """Press a button and give the reason, by keyboard."""
    await grace.page.locator("main").get_by_role("button", name=button, exact=True).click()
    await expect(grace.page.get_by_role("dialog").get_by_label("Reason")).to_be_focused()
    assert await faults(grace) == []
    await grace.page.keyboard.type(why)
    await grace.page.keyboard.press("Enter")
    await grace.is_told(done)
    await expect(grace.page.get_by_role("dialog")).to_have_count(0)


# begin: only with posts
async def parked(stack: LocalStack, number: int) -> None:
    """An event that posts refuses five times."""
    statement(stack, "users", PARK.format(number, POISONED))
    await until(stack, "users", WAITS.format(number), "0")


# end: only with posts
async def test_an_admin_helps_one_person_and_stops_another(visit: Visit, local_stack: LocalStack) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected |= {"401 (Unauthorized)", "400 (Bad Request)"}
    await ada.sign_up()
    await turn_on(ada)

    grace = await an_admin(visit, local_stack)
    await grace.page.get_by_label("Your menu").click()
    await grace.page.get_by_role("link", name="Administration").click()
    await grace.fill("Name, address or id", ada.email)
    await grace.page.keyboard.press("Enter")
    await grace.page.get_by_role("list", name="Accounts").get_by_role("link", name="Ada Lovelace").click()
    await grace.sees("10 recovery codes left")
    await because(grace, "Reset the second factor", "Ticket 4711", "The second factor is reset.")
    trail = grace.page.get_by_role("list", name="Lines of the audit trail")
    await expect(trail.get_by_role("listitem").filter(has_text="second-factor-reset").first).to_contain_text(
        "Ticket 4711"
    )
    await expect(grace.page.get_by_role("list", name="Sessions")).to_have_count(0)

    await ada.sign_in()

    await grace.page.reload()
    await because(grace, "Make moderator", "She helps out", "The roles are changed.")
    await expect(grace.page.locator("h2 .badge")).to_have_text("moderator")
    await because(grace, "Disable", "Spam, ticket 4712", "Ada Lovelace is disabled.")
    await ada.page.reload()
    await expect(ada.page.get_by_role("link", name="Sign in").first).to_be_visible()

    await grace.page.get_by_role("link", name="Audit trail").click()
    await grace.page.get_by_label("Action", exact=True).select_option("status-changed")
    await grace.press("Show")
    line = trail.get_by_role("listitem").filter(has_text="status-changed").first
    for words in ("before: active", "after: disabled", "reason: Spam, ticket 4712"):
        await expect(line).to_contain_text(words)


# begin: only with posts
async def test_a_poisoned_event_is_seen_with_its_reason_mended_and_replayed(
    visit: Visit, local_stack: LocalStack
) -> None:
    number = secrets.randbelow(10**6) + 1
    await parked(local_stack, number)
    grace = await an_admin(visit, local_stack)
    await grace.go("/admin/events")
    event = grace.page.locator("li.event").filter(has_text=f"profile:{number}@1")
    await expect(event).to_contain_text("status 422 bad-event")
    await expect(event).to_contain_text("avatar_url (missing)")
    await event.get_by_text("Data, which may be personal").click()
    await expect(event.locator("pre")).to_have_text(POISONED)
    assert await faults(grace) == []

    statement(local_stack, "users", MEND.format(MENDED, number))
    await because(grace, f"Replay profile:{number} to posts", "The sender is mended", "The event is sent again.")
    await expect(event).to_have_count(0)
    await until(local_stack, "posts", ARRIVED.format(number), "1")
    line = grace.page.get_by_role("listitem").filter(has_text=f"about: profile:{number}@1").first
    for _ in range(20):  # auth hears of it by an event
        await grace.go("/admin/audit?action=event-replayed")
        await grace.page.reload()
        await expect(grace.page.locator("main .skeleton")).to_have_count(0)
        if await line.count():
            break
    await expect(line).to_contain_text("reason: The sender is mended")


# end: only with posts
async def test_several_refusals_at_once_ask_once_who_it_is(visit: Visit, local_stack: LocalStack) -> None:
    """As where admins must have proven a second factor (RFC 9470)."""
    grace = await an_admin(visit, local_stack)
    asked: set[str] = set()

    async def ask(route: Route) -> None:
        path = route.request.url.partition("?")[0]
        if path in asked:
            await route.continue_()
            return
        asked.add(path)
        await route.fulfill(status=401, json={"code": "insufficient-user-authentication", "detail": "Confirm first."})

    await grace.page.route("**/admin/parked-events*", ask)
    await grace.go("/admin/events")
    dialog = grace.page.get_by_role("dialog", name="Is it you?")
    await dialog.get_by_label("Your password").fill(grace.password)
    await grace.page.keyboard.press("Enter")
    await expect(grace.page.get_by_role("dialog")).to_have_count(0)
    assert len(asked) == len(DATABASES)
    await expect(grace.page.get_by_role("heading", name="From auth")).to_be_visible()
    await expect(grace.page.locator("main .skeleton, main [role=alert]")).to_have_count(0)


async def test_others_are_shown_nothing(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.page.get_by_label("Your menu").click()
    await expect(ada.page.get_by_role("link", name="Administration")).to_have_count(0)
    await ada.go("/admin/audit")
    await ada.sees("Only for admins")


# begin: only with posts
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
async def test_every_view_of_admins_is_fit_to_be_shown(
    visit: Visit, local_stack: LocalStack, size: str, scheme: Literal["light", "dark"]
) -> None:
    number = secrets.randbelow(10**6) + 10**6
    await parked(local_stack, number)
    grace = await an_admin(visit, local_stack, size, color_scheme=scheme)
    looks = Looks(size, scheme)
    await looks.look(grace, "admin-people", f"/admin?q={grace.email}", ".person")
    await grace.page.locator(".person a").first.click()
    await looks.look(grace, "admin-person", "", ".trail")
    await grace.press("Sign out everywhere")
    await looks.look(grace, "admin-reason", "", "dialog")
    await grace.press("Cancel")
    await looks.look(grace, "admin-audit", "/admin/audit", ".trail")
    await looks.look(grace, "admin-events", "/admin/events", "li.event")
    assert looks.faulty == {}


# end: only with posts
