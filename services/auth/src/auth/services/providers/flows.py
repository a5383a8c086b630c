"""Flows: from this site to a provider and back (RFC 6749 with RFC 7636 and RFC 9207; OpenID Connect Core).

A flow is one row, found by its random state and by a secret that only the browser's cookie holds. So an address with a
state or a code from elsewhere does nothing in this browser, and login CSRF fails (RFC 9700, section 4.7). A flow is
used up before the provider is asked: repeated answers have no second effect, and a crash leaves nothing half done.

The browser returns to its page with a code that lives for a minute. The page redeems it for tokens, with the same
cookie. So no token ever stands in an address, and nobody is signed in by a link.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from auth.services.ports import UnitOfWork
from auth.services.providers.arrivals import Arrivals
from auth.services.providers.errors import FlowRefused, ProviderNotFound, ProviderUnavailable, Reason, ReturnNotListed
from auth.services.providers.identities import Identities
from auth.services.providers.ports import Provider
from auth.services.providers.records import Answer, Flow, Question
from auth.services.records import Device
from auth.services.secret_hashes import hash_secret
from common.ports import Transactions

log = structlog.get_logger()

SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""32 random bytes."""


@dataclass(frozen=True, slots=True)
class Started:
    """Where to send the browser, and the secret that its cookie must hold."""

    address: str
    browser: str


@dataclass(frozen=True, slots=True)
class ProviderFlows:
    """Starts flows, and finishes them."""

    transactions: Transactions[UnitOfWork]
    providers: Mapping[str, Provider]
    issuer: str
    returns: Sequence[str]
    """The pages to which a flow may return, compared exactly. The first is the usual one."""
    arrivals: Arrivals
    identities: Identities

    async def sign_in(self, name: str, browser: str | None, return_to: str | None) -> Started:
        """Start a sign-in. If the provider does not answer, the browser returns at once.

        Raises:
            ProviderNotFound
            ReturnNotListed
        """
        flow = self._flow(name, return_to)
        try:
            return await self._start(flow, browser)
        except FlowRefused as refusal:
            note(flow, refusal)
            return Started(failed(flow, refusal.reason), known_or_new(browser))

    async def link(
        self, name: str, browser: str | None, return_to: str | None, account_id: int, session_id: UUID
    ) -> Started:
        """Start the linking of an account, whose owner has confirmed who they are.

        Raises:
            ProviderNotFound
            ReturnNotListed
            ProviderUnavailable
        """
        flow = self._flow(name, return_to, account_id, session_id)
        try:
            return await self._start(flow, browser)
        except FlowRefused as refusal:
            note(flow, refusal)
            raise ProviderUnavailable("The provider does not answer just now; try again later.") from refusal

    async def finish(self, name: str, browser: str | None, answer: Answer, device: Device) -> str:
        """Where to send a browser that a provider has sent back. Raises ProviderNotFound."""
        provider = self._provider(name)
        flow = await self._take(name, browser, answer.state)
        if flow is None or browser is None or answer.state is None:
            return failed(Flow(name, self.returns[0]), Reason.not_valid)
        question = Question(self._redirect_uri(name), answer.state, browser)
        try:
            return await self._finish(provider, flow, answer, question, device)
        except FlowRefused as refusal:
            note(flow, refusal)
            return failed(flow, refusal.reason)

    async def _finish(self, provider: Provider, flow: Flow, answer: Answer, question: Question, device: Device) -> str:
        if answer.error is not None:
            raise FlowRefused(Reason.denied if answer.error == "access_denied" else Reason.refused)
        told = await provider.identify(answer, question)
        if flow.account_id is not None:
            await self.identities.link(flow, told, device)
            return f"{flow.return_to}#provider-linked={flow.provider}"
        code = await self.arrivals.admit(
            flow.provider, told, hash_secret(question.browser), device, links_addresses=provider.links_addresses
        )
        return f"{flow.return_to}#provider-code={code}"

    def _flow(
        self, name: str, return_to: str | None, account_id: int | None = None, session_id: UUID | None = None
    ) -> Flow:
        self._provider(name)
        if return_to is not None and return_to not in self.returns:
            raise ReturnNotListed("This page is not listed as one to return to.")
        return Flow(name, return_to or self.returns[0], account_id, session_id)

    def _provider(self, name: str) -> Provider:
        found = self.providers.get(name)
        if found is None:
            raise ProviderNotFound("There is no such provider.")
        return found

    def _redirect_uri(self, name: str) -> str:
        return f"{self.issuer}/auth/providers/{name}/callback"

    async def _start(self, flow: Flow, browser: str | None) -> Started:
        secret = known_or_new(browser)
        question = Question(self._redirect_uri(flow.provider), secrets.token_urlsafe(32), secret)
        address = await self.providers[flow.provider].address(question)  # first: it holds no connection
        async with self.transactions() as work:
            await work.provider_flows.start(hash_secret(question.state), hash_secret(secret), flow)
        return Started(address, secret)

    async def _take(self, name: str, browser: str | None, state: str | None) -> Flow | None:
        """Use the flow up, committed before the provider is asked. Another browser's flow stays as it is."""
        if browser is None or state is None or not SECRET.fullmatch(browser) or not SECRET.fullmatch(state):
            return None
        async with self.transactions() as work:
            flow = await work.provider_flows.take(hash_secret(state), hash_secret(browser), name)
        return flow if flow is not None and flow.return_to in self.returns else None


def known_or_new(browser: str | None) -> str:
    """A browser keeps its secret while it has flows, so that two tabs do not disturb each other."""
    return browser if browser is not None and SECRET.fullmatch(browser) else secrets.token_urlsafe(32)


def failed(flow: Flow, reason: Reason) -> str:
    return f"{flow.return_to}#provider-error={reason}"


def note(flow: Flow, refusal: FlowRefused) -> None:
    log.warning("sign-in by a provider refused", provider=flow.provider, reason=refusal.reason, detail=str(refusal))
