import os
import socket

import pytest

from deploy.local.ports import PortTaken, free_port, holder, is_free, require_free


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


def test_a_free_port_can_be_used() -> None:
    with socket.create_server(("127.0.0.1", free_port())):
        pass
