"""Connections that end while their client has not read everything (R-29), without a socket."""

import asyncio
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from common.serving import slow_clients
from common.serving.http_limits import BoundedHttp, bounded_http
from common.serving.load_shedding import LoadShedder
from tests.common.busy import MOST
from tests.common.serving import request
from tests.waiting import eventually


class Unread(asyncio.Transport):
    """A connection whose client has stopped reading."""

    def __init__(self) -> None:
        super().__init__()
        self.unread, self.closing, self.cut_off = b"", False, False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.unread += bytes(data)

    def get_write_buffer_size(self) -> int:
        return len(self.unread)

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.cut_off = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Unread:
    monkeypatch.setattr(slow_clients, "SEND_TIMEOUT", 0.05)
    return Unread()


def connection(transport: Unread, most: int = MOST) -> BoundedHttp:
    async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
        """Is not asked."""

    config = uvicorn.Config(nothing, log_config=None)
    made = bounded_http(LoadShedder((), most))(config, ServerState(), {})
    made.connection_made(transport)
    return made


@pytest.mark.parametrize("end", ["refused", "idle", "stopped", "resumed", "half-closed"])
async def test_a_connection_that_ends_waits_for_its_reader_so_long(unread: Unread, end: str) -> None:
    """R-29: also for the last few bytes of it, and whichever side ends it."""
    made = connection(unread)
    if end == "refused":
        made.data_received(b"no HTTP\r\n\r\n")
    elif end == "idle":
        made.head_is_late()
    elif end == "stopped":
        made.shutdown()
    elif end == "half-closed":
        made.eof_received()
    else:
        made.pause_writing()
        made.shutdown()
        made.resume_writing()
    assert unread.closing
    await eventually(lambda: unread.cut_off)


async def test_a_connection_that_has_ended_is_forgotten(unread: Unread) -> None:
    made = connection(unread)
    made.data_received(b"no HTTP\r\n\r\n")
    made.connection_lost(None)
    await asyncio.sleep(0.1)
    assert not unread.cut_off


async def test_who_reads_no_refusals_gets_no_more_of_them(unread: Unread) -> None:
    """R-29: each answer costs us memory, and each request costs the client nothing."""
    made = connection(unread, most=0)
    made.data_received(request("/things/1") * 3)
    assert unread.unread.count(b"HTTP/1.1 503") == 3
    made.pause_writing()
    made.data_received(request("/things/1") * 100)
    assert unread.unread.count(b"HTTP/1.1 503") == 4
    assert unread.closing
