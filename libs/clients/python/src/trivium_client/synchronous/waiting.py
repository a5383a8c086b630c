"""Pauses and locks of threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import sleep

__all__ = ["Lock", "sleep", "within"]


@contextmanager
def within(_seconds: float) -> Iterator[None]:
    """A thread cannot be interrupted: only each wait for the network ends at the deadline."""
    yield
