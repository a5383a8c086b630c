"""The start of a process: importing takes most of it."""

import gc
from importlib import import_module


def run(commands: str) -> None:
    """Run the command line `cli` of a module.

    What it imports stays for good, so there is nothing to collect meanwhile. Searching for garbage all the same took a
    fifth of a start's processor time.
    """
    gc.disable()
    cli = import_module(commands).cli
    gc.freeze()
    gc.enable()
    cli()
