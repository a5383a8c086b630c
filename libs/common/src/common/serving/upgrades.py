"""Requests that offer `Upgrade: h2c`, as Java's HttpClient does on plain http, are read like all others.

A server may ignore an offer (RFC 9110, section 7.8), and ours makes no upgrade. But httptools stops after such a head,
and uvicorn then drops the rest of the packet: the body, and the next request. So the parser gets the same head once
more, without the offer.
"""

from collections.abc import Callable
from typing import Final

import httptools

OFFER: Final = b"upgrade"


class PlainParser:
    """httptools' parser for one connection."""

    def __init__(self, parser: httptools.HttpRequestParser, head_again: Callable[[], bytes]) -> None:
        """`head_again` returns the head that has just been read, without its offer; empty if it had none."""
        self._feed = parser.feed_data
        self._head_again = head_again
        self.get_method = parser.get_method  # direct references: uvicorn's calls cost nothing more
        self.get_http_version = parser.get_http_version
        self.should_keep_alive = parser.should_keep_alive
        self.should_upgrade = parser.should_upgrade

    def feed_data(self, data: bytes) -> None:
        """Parse received bytes.

        Raises:
            HttpParserUpgrade: after a CONNECT, whose rest is not HTTP.
        """
        while True:
            try:
                self._feed(data)
            except httptools.HttpParserUpgrade as stop:
                head = self._head_again()
                if not head:
                    raise
                data = head + data[stop.args[0] :]
            else:
                return
