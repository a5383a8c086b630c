"""Promised times, measured by `make timing` only: in `make test` a busy machine would break them.

A test with `@also_timed` runs twice: in `make test` without limits, and in `make timing` with the limits it names:

    @also_timed
    async def test_a_token_is_refused_everywhere(within: Within) -> None:
        with within(5):
            await eventually(is_refused)
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest

Within = Callable[[float], AbstractContextManager[None]]


def untimed(_: float) -> AbstractContextManager[None]:
    return nullcontext()


@contextmanager
def timed(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    took = time.monotonic() - started
    print(f"\n{took:.2f} s of {seconds} s")
    assert took < seconds, f"it took {took:.2f} s instead of {seconds} s"


also_timed = pytest.mark.parametrize(
    "within", [pytest.param(untimed, id="untimed"), pytest.param(timed, id="timed", marks=pytest.mark.timing)]
)
