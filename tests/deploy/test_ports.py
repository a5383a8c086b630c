import itertools
import os
import socket
from contextlib import ExitStack

import pytest

from deploy.local.ports import BELOW_OUTGOING, PortTaken, free_port, holder, is_free, require_free


def test_a_taken_port_is_named_with_who_has_it_and_how_to_move() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert holder(port) in (os.getpid(), None)  # None where the system does not tell
        with pytest.raises(PortTaken, match=rf"port {port} is taken.*POSTS_PORT="):
            require_free(port, "POSTS_PORT")
    assert is_free(port)


def test_a_port_taken_on_every_address_is_taken() -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:  # noqa: S104  what is refused here
        assert not is_free(taken.getsockname()[1])


def test_each_free_port_is_another_that_no_outgoing_connection_gets() -> None:
    """A server whose port the kernel had chosen could not start again: a database connection had it meanwhile."""
    first, row, last = free_port(), free_port(in_a_row=3), free_port()
    with ExitStack() as servers:
        ports = [first, row, row + 1, row + 2, last]
        for port in ports:
            servers.enter_context(socket.create_server(("127.0.0.1", port)))
        with socket.create_connection(("127.0.0.1", last)) as outgoing:
            assert max(ports) < outgoing.getsockname()[1]


def test_ports_in_a_row_do_not_begin_anew_at_the_end_of_the_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.ports._candidates", itertools.count(len(BELOW_OUTGOING) - 2))
    row = free_port(in_a_row=3)
    assert row + 2 in BELOW_OUTGOING
