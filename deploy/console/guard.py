"""Decides who may use the console. It can stop processes and shows mails, so a port on loopback is not enough.

- A page of another site cannot read it: the `Host` header must be ours, against DNS rebinding.
- A page of another origin on this machine cannot act: browsers send `Origin` with each POST.
- Other users of this machine do not have the token, which is in the link of `make up`. It becomes a cookie.
- The services send traces with a token of their own.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final

NAMES: Final = ("127.0.0.1", "localhost")
OWN_PAGE: Final = ("same-origin", "none")
"""`Sec-Fetch-Site` of our own page, and of an address that a person has typed."""

SAFE: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules for one console."""

    port: int
    token: str
    traces_token: str

    @property
    def cookie_name(self) -> str:
        """Cookies know no ports, so each console has a name of its own."""
        return f"console-{self.port}"

    def refusal(self, method: str, headers: Mapping[str, str]) -> str | None:
        """The reason why a request with a cookie is refused; None if it is not."""
        if reason := self.wrong_host(headers):
            return reason
        if headers.get("Sec-Fetch-Site", "none") not in OWN_PAGE:
            return "only the console's own page may ask"
        if method not in SAFE and headers.get("Origin") != f"http://{headers.get('Host')}":
            return "a request that changes something must come from the console's own page"
        if not self._same(self._cookie(headers), self.token):
            return "open the link that `make status` prints"
        return None

    def wrong_host(self, headers: Mapping[str, str]) -> str | None:
        """The reason if the request is not addressed to this console."""
        ours = {f"{name}:{self.port}" for name in NAMES}
        return (
            None
            if headers.get("Host") in ours
            else f"this is not the console's address: use http://127.0.0.1:{self.port}/"
        )

    def opens(self, token: str) -> bool:
        """Whether it is the token of the link."""
        return self._same(token, self.token)

    def takes_traces(self, headers: Mapping[str, str]) -> bool:
        """Whether a service of ours sends them."""
        return self.wrong_host(headers) is None and self._same(
            headers.get("Authorization", ""), f"Bearer {self.traces_token}"
        )

    def set_cookie(self) -> str:
        """The header's value. `Strict`: links of other sites open the console signed out."""
        return f"{self.cookie_name}={self.token}; HttpOnly; SameSite=Strict; Path=/"

    def _cookie(self, headers: Mapping[str, str]) -> str:
        try:
            found = SimpleCookie(headers.get("Cookie", "")).get(self.cookie_name)
        except CookieError:
            return ""
        return found.value if found else ""

    @staticmethod
    def _same(given: str, right: str) -> bool:
        return hmac.compare_digest(given.encode(), right.encode())
