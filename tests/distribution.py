"""How xdist distributes tests to its processes."""

from typing import Final

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

LOCAL_STACK: Final = frozenset(
    f"tests/system/test_{name}.py" for name in ("local_stack", "revocation", "seed", "story")
)
"""The modules that use the `local_stack` fixture. A stack takes half a minute of CPU time to start, and more to run."""


class Scheduler(LoadFileScheduling):  # type: ignore[misc]
    """Runs each module in one process, and the modules of the local stack in the same one."""

    def _split_scope(self, nodeid: str) -> str:
        module: str = super()._split_scope(nodeid)
        return "the local stack" if module in LOCAL_STACK else module


def slowest_first(items: list[pytest.Item]) -> None:
    """Tests that start processes come first, so that no process is left with one of them at the end."""
    folders = ("tests/system/", "tests/deploy/", "tests/")
    items.sort(key=lambda item: next(at for at, folder in enumerate(folders) if item.nodeid.startswith(folder)))
