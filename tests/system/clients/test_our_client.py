"""libs/clients/typescript, packed and installed, in Node and in a browser."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from httpx import AsyncClient
from playwright.async_api import BrowserContext, Route, async_playwright

from deploy.clients.typescript import PACKAGE
from tests.system.clients.conftest import INSTALLED, NPM_INSTALL, STORIES, TYPESCRIPT, Workshop, is_told, need
from tests.system.conftest import Meet, example
from tests.system.page.conftest import chromium

pytestmark = pytest.mark.clients

STRICTLY = (
    "--module",
    "nodenext",
    "--outDir",
    "built",
    "--strict",
    "--exactOptionalPropertyTypes",
    "--target",
    "es2022",
    "--lib",
    "es2022,dom,dom.iterable",
)
IMPORTS = {"trivium-client": "/own/trivium-client/dist/index.js", "openapi-fetch": "/own/openapi-fetch/dist/index.mjs"}
IN_NODE = """import { story } from "./built/own.mjs";
console.log(JSON.stringify(await story(process.env.TRIVIUM_URL)));"""
PAGE = f'<!doctype html><script type="importmap">{json.dumps({"imports": IMPORTS})}</script>'
SIGN_IN = """async ([email, password]) => {
    const { BrowserStore, createTrivium } = await import("trivium-client");
    await createTrivium({ baseUrl: location.origin, store: new BrowserStore() }).signIn(email, password);
}"""
SPOIL_TOKEN = """async () => {
    const { BrowserStore } = await import("trivium-client");
    const store = new BrowserStore();
    store.save({ ...store.load(), access_token: "refused" });
}"""
READ_OWN_NAME = """async () => {
    const { BrowserStore, createTrivium, take } = await import("trivium-client");
    const trivium = createTrivium({ baseUrl: location.origin, store: new BrowserStore() });
    return (await take(trivium.GET("/users/me"))).data.name;
}"""


async def is_told_by_ours(gateway: AsyncClient, told: str) -> None:
    facts = await is_told(gateway, told)
    assert (facts["same"], facts["renewals"]) == (True, 1), "20 callers with a refused token share one renewal"
    assert (facts["lost"], facts["late"]) == ("no-answer", "no-answer")
    assert (facts["by_key"], facts["lacks"]) == (True, "insufficient-scope")
    assert (facts["over"], facts["is_signed_in"]) == ("invalid-token", False)


@pytest.fixture(scope="module")
def installed(url: str) -> Workshop:
    """A project that has installed the package as from a registry, and compiled the story."""
    need("node", "npm")
    workshop = Workshop(INSTALLED / "our_client", url)
    workshop.folder.mkdir(parents=True, exist_ok=True)
    workshop.run("npm", "--prefix", str(PACKAGE), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    shutil.rmtree(PACKAGE / "dist", ignore_errors=True)
    tarball = workshop.run("npm", "pack", "--silent", str(PACKAGE)).split()[-1]
    workshop.run(*NPM_INSTALL, f"./{tarball}", *TYPESCRIPT)
    programs = ("own.mts", "retries.mts")
    for program in programs:
        shutil.copy(STORIES / "typescript" / program, workshop.folder)
    workshop.run("node_modules/.bin/tsc", *STRICTLY, *programs)
    return workshop


async def test_our_client_in_node(installed: Workshop, gateway: AsyncClient) -> None:
    await is_told_by_ours(gateway, installed.run("node", "--input-type", "module", "--eval", IN_NODE))


@pytest.mark.usefixtures("gateway")
def test_the_example_in_node_prints_what_its_readme_says(installed: Workshop, url: str) -> None:
    program, printed = example(PACKAGE / "README.md", "ts", url)
    (installed.folder / "example.mts").write_text(program)
    installed.run("node_modules/.bin/tsc", *STRICTLY, "example.mts")
    assert installed.run("node", "built/example.mjs") == printed


@pytest.mark.usefixtures("gateway")
def test_only_safe_calls_are_repeated_in_node(installed: Workshop) -> None:
    """The same rules as in Python: tests/clients/test_retries.py."""
    calls = ("read", "create", "change", "change_if", "act")
    where_safe, always, never = (
        dict(zip(calls, times, strict=True)) for times in ((2, 2, 2, 1, 1), (2,) * 5, (1,) * 5)
    )
    assert json.loads(installed.run("node", "built/retries.mjs")) == {
        "attempts": {
            **dict.fromkeys(("lost", "halfway", "502", "database-unavailable"), where_safe),
            **dict.fromkeys(("overloaded", "rate-limited", "request-in-progress"), always),
            **dict.fromkeys(("internal-error", "post-not-found"), never),
        },
        "most": [4, True],
        "too_long": 1,
        "deleted": 2,
        "missing": True,
        "own_reason": True,
    }


@pytest.fixture
async def device(installed: Workshop, url: str) -> AsyncIterator[BrowserContext]:
    """A browser, in which the gateway's origin also serves the package, for an import map, and the story."""
    program = chromium()
    assert program, "there is no chromium here: leave this one out with ARGS='-k …'"

    async def serve(route: Route) -> None:
        name = route.request.url.partition("/own/")[2]
        if not name:
            await route.fulfill(body=PAGE, content_type="text/html")
            return
        folder = installed.folder / ("built" if name == "own.mjs" else "node_modules")
        await route.fulfill(path=folder / name, content_type="text/javascript")

    async with async_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # it does not work for root
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        context = await browser.new_context(base_url=url)
        await context.route("**/own/**", serve)
        yield context
        await browser.close()


async def test_our_client_in_chromium(device: BrowserContext, gateway: AsyncClient) -> None:
    page = await device.new_page()
    await page.goto("/own/")
    told = await page.evaluate("import('/own/own.mjs').then(({ story }) => story(location.origin))")
    await is_told_by_ours(gateway, json.dumps(told))


async def test_tabs_in_chromium_share_one_session(device: BrowserContext, meet: Meet) -> None:
    """Twice, all tabs send a refused token at the same time.

    There may be more than one renewal: chromium does not promise that the next tab with the lock sees what the last one
    has stored. Such a tab repeats the same refresh token, and gets the same successor.
    """
    ada = await meet("Ada")
    tabs = [await device.new_page() for _ in range(3)]
    sent: list[str] = []
    all_have_sent = asyncio.Event()

    async def hold(route: Route) -> None:
        """Answer the first requests only when every tab has sent one."""
        if sent.count("/users/me") >= len(tabs):
            all_have_sent.set()
        await all_have_sent.wait()
        await route.continue_()

    device.on("request", lambda request: sent.append(urlsplit(request.url).path))
    await device.route("**/users/me", hold)
    for tab in tabs:
        await tab.goto("/own/")
    await tabs[0].evaluate(SIGN_IN, [ada.email, ada.password])
    for _ in range(2):
        await tabs[0].evaluate(SPOIL_TOKEN)
        sent.clear()
        all_have_sent.clear()
        assert await asyncio.gather(*(tab.evaluate(READ_OWN_NAME) for tab in tabs)) == ["Ada"] * 3
        assert "/auth/token" in sent
