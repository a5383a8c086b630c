"""A browser, and people who use the page. The console must stay silent."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from tests.system.conftest import ROOT, LocalStack

SCREENSHOTS: Final = ROOT / ".local" / "screenshots"
PASSWORD: Final = "seven brave tin spoons"
SIZES: Final[dict[str, dict[str, int]]] = {
    "desktop": {"width": 1280, "height": 860},
    "phone": {"width": 390, "height": 844},
}
# Networks come and go on the machine (containers do that), and the browser then drops even loopback connections.
NOT_OURS: Final = "net::ERR_NETWORK_CHANGED"
STARTED: Final = "document.querySelector('main') || /not be loaded/.test(document.body.innerText)"
WIDTH_HIDDEN: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOLLOW: Final = """(href) => {
    const link = Object.assign(document.createElement("a"), { href });
    document.body.append(link);
    link.click();
    link.remove();
}"""
WATCH_POLICY: Final = """addEventListener("securitypolicyviolation", (event) =>
    console.error("policy:", event.violatedDirective, event.blockedURI, event.sourceFile))"""

expect.set_options(timeout=15_000)


def chromium() -> str | None:
    """The path of the machine's own browser. None is downloaded."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    program = chromium()
    if program is None:
        pytest.exit("there is no chromium here: apt-get install chromium, or say CHROMIUM=path", returncode=1)
    async with async_playwright() as playwright:
        # its sandbox does not work for root
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        await browser.close()


# begin: only with posts
@pytest.fixture(scope="session")
def world(request: pytest.FixtureRequest, url: str) -> None:
    """People and posts, if the stack is our own; otherwise the existing ones."""
    if "SYSTEM_URL" in os.environ:
        return
    stack: LocalStack = request.getfixturevalue("local_stack")
    place = {"LOCAL_DIR": str(stack.folder), "PORT_BASE": str(stack.base)}
    command = [sys.executable, "-m", "deploy.seed", "600"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **place}, check=True, capture_output=True, timeout=120)


# end: only with posts


@dataclass
class Visitor:
    """A person who uses the page."""

    page: Page
    url: str
    name: str
    email: str = field(default_factory=lambda: f"{secrets.token_hex(6)}@example.com")
    password: str = PASSWORD
    prefix: str = ""
    """Before each route, in the address: `/#` where the routes are fragments."""
    expected: set[str] = field(default_factory=set)
    """Expected console messages: a browser logs each 4xx."""
    said: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and NOT_OURS not in message.text:
            self.said.append(f"{message.text} ({message.location.get('url')})")

    @property
    def complaints(self) -> list[str]:
        return [line for line in self.said if not any(text in line for text in self.expected)]

    async def go(self, place: str = "") -> None:
        """Open a route of the page, by a link if the page is open; retries if a file did not arrive (NOT_OURS)."""
        address = f"{self.url}{self.prefix}{place or '/'}"
        if "#" not in place and self.page.url.startswith(self.url) and await self.page.locator("main").count():
            await self.page.evaluate(FOLLOW, address)
            return
        for _ in range(3):
            await self.page.goto(address)
            await self.page.wait_for_function(STARTED)
            if await self.page.locator("main").count():
                return
            await self.page.reload()
        pytest.fail("the page does not start")

    async def sees(self, text: str) -> None:
        await expect(self.page.get_by_text(text).first).to_be_visible()

    async def is_told(self, text: str) -> None:
        """A message, also announced to screen readers."""
        await expect(self.page.locator("[aria-live=polite]").get_by_text(text)).to_be_visible()

    async def fill(self, label: str, text: str) -> None:
        await self.page.locator("main").get_by_label(label, exact=True).fill(text)

    async def press(self, name: str) -> None:
        await self.page.locator("main, dialog").get_by_role("button", name=name, exact=True).last.click()

    async def sign_up(self) -> None:
        await self.go("/sign-up")
        await self.fill("Name", self.name)
        await self.fill("Email", self.email)
        await self.fill("Password", self.password)
        await self.press("Create account")
        await self.is_told(f"Welcome, {self.name}!")

    async def enter_password(self) -> None:
        """Fill in the form that is shown, and send it."""
        await self.fill("Email", self.email)
        await self.fill("Password", self.password)
        await self.press("Sign in")

    async def sign_in(self) -> None:
        await self.go("/sign-in")
        await self.enter_password()
        await expect(self.page.get_by_label("Your menu")).to_be_visible()

    async def sign_out(self) -> None:
        await self.page.get_by_label("Your menu").click()
        await self.page.locator(".menu").get_by_role("button", name="Sign out").click()
        await self.is_told("You are signed out.")
        await expect(self.page.get_by_label("Your menu")).to_have_count(0)

    # begin: only with posts
    async def publish(self, title: str, body: str, tags: str = "") -> int:
        """Write a post. Returns its id."""
        await self.go("/write")
        await self.fill("Title", title)
        await self.fill("Text", body)
        await self.fill("Tags", tags)
        await self.press("Publish")
        await expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()
        return int(self.page.url.rpartition("/")[2])

    # end: only with posts
    async def picture(self, name: str) -> Path:
        path = SCREENSHOTS / f"{name}.png"
        await self.page.screenshot(path=path)
        return path


async def faults(visitor: Visitor) -> list[str]:
    """axe-core's violations of WCAG 2 A and AA, and of its best practices."""
    found: Mapping[str, Any] = (await Axe().run(visitor.page)).response
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]


@dataclass
class Looks:
    """Looks at views in one size and colour scheme; `faulty` has the faults by a view's name."""

    size: str
    scheme: str
    faulty: dict[str, list[str]] = field(default_factory=dict)

    async def look(self, visitor: Visitor, name: str, place: str, until: str) -> None:
        """Take a picture of a route, or of what is shown if `place` is empty, once `until` is visible."""
        if place:
            await visitor.go(place)
        await expect(visitor.page.locator(until).first).to_be_visible()
        await expect(visitor.page.locator(".skeleton, [aria-live=polite] p")).to_have_count(0)
        await visitor.picture(f"{name}-{self.size}-{self.scheme}")
        width = await visitor.page.evaluate(WIDTH_HIDDEN)
        found = [*await faults(visitor), *(["wider than the window"] if width > 0 else [])]
        if found:
            self.faulty[name] = found


def grant_role(stack: LocalStack, visitor: Visitor, role: str) -> None:
    """The visitor's next token has it."""
    done = stack.run("run", "auth", "grant-role", visitor.email, role)
    assert done.returncode == 0, done.stdout + done.stderr


Visit = Callable[..., Awaitable[Visitor]]


@pytest.fixture
async def visit(browser: Browser, url: str) -> AsyncIterator[Visit]:
    """Open the page for a person, on their own device: `ada = await visit("Ada")`."""
    visitors: list[Visitor] = []
    async with AsyncExitStack() as devices:

        async def visit(name: str, size: str = "desktop", **options: Any) -> Visitor:
            context = await browser.new_context(viewport=SIZES[size], locale="en-GB", **options)  # type: ignore[arg-type]
            devices.push_async_callback(context.close)
            await context.add_init_script(WATCH_POLICY)
            page = await context.new_page()
            visitor = Visitor(page, url, name)
            page.on("console", visitor.hear)
            page.on("pageerror", lambda error: visitor.said.append(str(error)))
            visitors.append(visitor)
            return visitor

        yield visit
    assert {visitor.name: visitor.complaints for visitor in visitors if visitor.complaints} == {}
