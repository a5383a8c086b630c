# file: only with posts
"""The page's calls whose answers are lost: each is made again, and has its effect once."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Request, Route, expect

from tests.system.page.conftest import Visit

pytestmark = pytest.mark.page

Handler = Callable[[Route], Awaitable[None]]


def losing_the_first_answer(method: str = "POST") -> tuple[Handler, list[Request]]:
    """A connection that breaks after the first request, and its requests."""
    sent: list[Request] = []

    async def lose(route: Route) -> None:
        if route.request.method != method:
            return await route.continue_()
        sent.append(route.request)
        if len(sent) > 1:
            return await route.continue_()
        await route.fetch()
        return await route.abort("connectionreset")

    return lose, sent


async def test_a_post_whose_answer_is_lost_is_made_once(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("ERR_CONNECTION_RESET")
    await ada.sign_up()
    lose, sent = losing_the_first_answer()
    await ada.page.route("**/posts", lose)
    await ada.publish("Once only", "Sent twice.")
    keys = [request.headers["idempotency-key"] for request in sent]
    assert len(keys) == 2
    assert keys[0] == keys[1]
    await ada.page.get_by_label("Your menu").click()
    await ada.page.locator(".menu").get_by_role("link", name="Profile").click()
    await expect(ada.page.get_by_role("list", name="Posts of Ada Lovelace").get_by_role("listitem")).to_have_count(1)


async def test_a_change_and_a_deletion_whose_answers_are_lost_are_not_told_as_refused(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected |= {"ERR_CONNECTION_RESET", "412 (Precondition Failed)", "404 (Not Found)"}
    await ada.sign_up()
    post = await ada.publish("First light", "One.")
    lose, sent = losing_the_first_answer("PATCH")
    await ada.page.route(f"**/posts/{post}", lose)
    await ada.go(f"/post/{post}/edit")
    await ada.fill("Text", "Two.")
    await ada.press("Save")
    await expect(ada.page.locator("article .text")).to_have_text("Two.")
    assert len(sent) == 2

    await ada.fill("Add a comment", "Well seen.")
    await ada.press("Comment")
    lose, sent = losing_the_first_answer("DELETE")
    await ada.page.route("**/comments/*", lose)
    await ada.page.locator(".comment").get_by_role("button", name="Delete").click()
    await ada.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await ada.is_told("The comment is deleted.")
    await ada.sees("No comments yet.")
    assert len(sent) == 2


async def test_a_renewal_whose_answer_is_lost_is_asked_for_again_at_once(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("ERR_CONNECTION_RESET")
    await ada.sign_up()
    await ada.go("/drafts")
    lose, sent = losing_the_first_answer()
    await ada.page.route("**/auth/token", lose)
    await ada.page.reload()
    await ada.sees("No drafts")
    assert len(sent) == 2
    assert sent[0].post_data == sent[1].post_data
    await ada.page.reload()  # the session continues
    await ada.sees("No drafts")


async def test_a_renewal_that_gets_no_answer_is_given_up_and_asked_for_again(visit: Visit) -> None:
    """As after a change of network, without an answer or an error; not after the server's grace period."""
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.go("/drafts")
    sent: list[Request] = []
    is_over = asyncio.Event()

    async def hang(route: Route) -> None:
        sent.append(route.request)
        if len(sent) > 1:
            return await route.continue_()
        await route.fetch()  # the server has rotated the token
        await is_over.wait()
        return await route.abort()

    await ada.page.route("**/auth/token", hang)
    await ada.page.reload()
    await ada.sees("No drafts")
    is_over.set()
    assert [request.post_data for request in sent] == [sent[0].post_data] * 2


async def test_an_open_tab_finds_the_files_of_a_new_version_by_itself_once(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("404 (Not Found)")

    async def gone(route: Route) -> None:
        await route.fulfill(status=404)

    await ada.go()
    await ada.page.route("**/page/own-*.js", gone, times=1)
    await ada.go("/sign-in")
    await ada.sees("Welcome back")

    await ada.page.goto(ada.url)
    await ada.page.route("**/page/own-*.js", gone)
    await ada.go("/sign-in")
    await ada.sees("The server cannot be reached.")
    await ada.page.unroute("**/page/own-*.js")
    await ada.press("Try again")
    await ada.sees("Welcome back")
