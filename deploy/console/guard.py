"""Decides who may use the console. It can stop processes and shows mails, so a port on loopback is not enough.

- A page of another site cannot read it: the `Host` header must be ours, against DNS rebinding.
- A page of another origin on this machine cannot act: browsers send `Origin` with each POST.
- Other users of this machine do not have the token, which is in the link of `make up`. The link sets a cookie.
- That cookie is valid for one process of the console only. Once it has ended, another program may bind its port, and
  open tabs send the cookie there.
- The services send traces with a token of their own.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

NAMES: Final = ("127.0.0.1", "localhost")
OWN_PAGE: Final = ("same-origin", "none")
"""`Sec-Fetch-Site` of our own page, and of an address that a person has typed."""

SAFE: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules for one console. `token` is the link's; `cookie` is random, so it ends with the process."""

    port: int
    token: str
    traces_token: str
    cookie: str = field(default_factory=secrets.token_urlsafe)

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
        if not any(self._same(given, self.cookie) for given in self._cookies(headers)):
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
        return f"{self.cookie_name}={self.cookie}; HttpOnly; SameSite=Strict; Path=/"

    def _cookies(self, headers: Mapping[str, str]) -> Iterator[str]:
        """The values of our cookie. `http.cookies` ends at the first cookie that it dislikes, even another server's."""
        for pair in headers.get("Cookie", "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == self.cookie_name:
                yield value

    @staticmethod
    def _same(given: str, right: str) -> bool:
        return hmac.compare_digest(given.encode(), right.encode())
