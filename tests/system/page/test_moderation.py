# file: only with posts
"""Reports, moderators' decisions, and what authors are told, on the page."""

from typing import Literal

import pytest
from playwright.async_api import expect

from tests.system.conftest import LocalStack
from tests.system.page.conftest import SIZES, Looks, Visit, Visitor, grant_role

pytestmark = pytest.mark.page


async def moderator(visit: Visit, stack: LocalStack, size: str = "desktop", **options: str) -> Visitor:
    mod = await visit("Mod Erator", size, **options)
    await mod.sign_up()
    grant_role(stack, mod, "moderator")
    await mod.page.reload()  # the next token has the role
    return mod


async def report(person: Visitor, post: int, reason: str, note: str) -> None:
    """By keyboard alone."""
    await person.go(f"/post/{post}")
    await person.page.locator("article").get_by_role("button", name="Report").press("Enter")
    dialog = person.page.get_by_role("dialog")
    await expect(dialog.get_by_label("Reason")).to_be_focused()
    await person.page.keyboard.type(reason)
    await person.page.keyboard.press("Tab")
    await person.page.keyboard.type(note)
    await person.page.keyboard.press("Tab")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await person.page.keyboard.press("Tab")
    await person.page.keyboard.press("Enter")
    await person.is_told("Thank you. The moderators will look at it.")
    await expect(dialog).to_have_count(0)
    await expect(person.page.locator("article").get_by_role("button", name="Report")).to_be_focused()


async def test_a_post_is_reported_and_removed_and_its_author_reads_why(visit: Visit, local_stack: LocalStack) -> None:
    ada, bob = await visit("Ada Lovelace"), await visit("Bob")
    await ada.sign_up()
    post = await ada.publish("Buy my telescope", "It is cheap.", "sale")
    await expect(ada.page.locator("article").get_by_role("button", name="Report")).to_have_count(0)
    await bob.sign_up()
    await report(bob, post, "Spam", "For the third time.")

    mod = await moderator(visit, local_stack)
    await mod.page.get_by_label("Your menu").press("Enter")
    await mod.page.locator(".menu").get_by_role("link", name="Moderation").press("Enter")
    case = mod.page.get_by_role("list", name="Open cases").get_by_role("listitem").filter(has_text="Buy my telescope")
    await expect(case.get_by_text("Spam or advertising 1")).to_be_visible()
    await case.get_by_role("button", name="1 report").press("Enter")
    await expect(case.get_by_text("For the third time.")).to_be_visible()
    await case.get_by_role("button", name="Remove").press("Enter")
    dialog = mod.page.get_by_role("dialog")
    await dialog.get_by_label("Reason").select_option("spam")
    await dialog.get_by_label("Note").fill("Please do not advertise here.")
    await dialog.get_by_role("button", name="Remove").press("Enter")
    await mod.is_told("It is removed, and its author is told.")
    await expect(case).to_have_count(0)
    await mod.page.get_by_role("link", name="Removed", exact=True).last.click()
    await mod.sees("Please do not advertise here.")

    await ada.go("/")
    await ada.page.reload()
    await ada.page.get_by_role("region", name="Removed").get_by_role("link", name="Read why").click()
    await ada.sees("The moderator says: Please do not advertise here.")
    await ada.sees("It is cheap.")
    await ada.go("/")
    await expect(ada.page.get_by_role("region", name="Removed")).to_have_count(0)
    await bob.page.get_by_label("Your menu").click()
    await expect(bob.page.locator(".menu").get_by_role("link", name="Moderation")).to_have_count(0)
    await bob.go("/moderation")
    await bob.sees("This is for moderators.")


async def test_what_a_second_moderator_decides_too_late_is_told_and_leaves_the_queue(
    visit: Visit, local_stack: LocalStack
) -> None:
    ada, bob = await visit("Ada Lovelace"), await visit("Bob")
    await ada.sign_up()
    post = await ada.publish("A quarrel", "You are all wrong.")
    await bob.sign_up()
    await report(bob, post, "Hara", "")
    first, second = await moderator(visit, local_stack), await moderator(visit, local_stack)
    second.expected.add("409")
    cases = []
    for mod in (first, second):
        await mod.go("/moderation")
        cases.append(mod.page.get_by_role("listitem").filter(has=mod.page.get_by_role("heading", name="A quarrel")))
        await expect(cases[-1]).to_have_count(1)
    await cases[0].get_by_role("button", name="Dismiss").click()
    await first.is_told("The reports are dismissed.")
    await cases[1].get_by_role("button", name="Dismiss").click()
    await second.is_told("Somebody has decided this case.")
    for case in cases:
        await expect(case).to_have_count(0)
    await first.go("/moderation/dismissed")
    await first.sees("A quarrel")
    await first.go("/moderation/anything")
    tabs = first.page.get_by_role("navigation", name="Moderation")
    await expect(tabs.get_by_role("link", name="Open")).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
async def test_every_place_of_moderation_is_fit_to_be_shown(
    visit: Visit, local_stack: LocalStack, size: str, scheme: Literal["light", "dark"]
) -> None:
    ada = await visit("Ada Lovelace", size, color_scheme=scheme)
    mod = await moderator(visit, local_stack, size, color_scheme=scheme)
    await ada.sign_up()
    post = await ada.publish("Cheap watches", "All of them real.", "watches")
    await report(mod, post, "Spam", "Again.")
    looks = Looks(size, scheme)
    await looks.look(mod, "moderation", "/moderation", ".post")
    case = mod.page.get_by_role("listitem").filter(has=mod.page.get_by_role("heading", name="Cheap watches"))
    await case.last.get_by_role("button", name="1 report").click()
    await looks.look(mod, "moderation-reports", "", ".reports")
    await case.last.get_by_role("button", name="Remove").click()
    await looks.look(mod, "moderation-remove", "", "dialog")
    await mod.page.get_by_role("dialog").get_by_label("Reason").select_option("spam")
    await mod.press("Remove")
    await mod.is_told("It is removed, and its author is told.")
    await looks.look(mod, "moderation-dismissed", "/moderation/dismissed", ".post, .empty")
    await looks.look(mod, "moderation-removed", "/moderation/removed", ".post")
    await ada.go("/")
    await ada.page.reload()
    await looks.look(ada, "removed-notice", "", ".notice")
    await looks.look(ada, "removed", "/removed", ".post")
    assert looks.faulty == {}
