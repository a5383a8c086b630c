"""The start of a process: importing takes most of it."""

import gc
import sys
from importlib import import_module


def run(commands: str) -> None:
    """Run the command line `cli` of a module.

    What it imports stays for good, so there is nothing to collect meanwhile. Searching for garbage all the same took a
    fifth of a start's processor time.

    structlog loads all of rich where it finds it, 4 MiB, for tracebacks that we do not use. typer loads it later, for
    its help.
    """
    gc.disable()
    sys.modules["rich"] = None  # type: ignore[assignment]  # as documented: importing it raises ModuleNotFoundError
    cli = import_module(commands).cli
    del sys.modules["rich"]
    gc.freeze()
    gc.enable()
    cli()
