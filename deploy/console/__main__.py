"""`python -m deploy.console`: started by the runner, with the settings of its stack."""

import signal
import sys

from deploy.console.server import Console, serve
from deploy.local.errors import StackError
from deploy.local.stack import CONSOLE, Stack


def main() -> int:
    """Serve until a signal."""
    stack = Stack.from_environment()
    if CONSOLE not in stack.ports:
        raise StackError("the console is off: CONSOLE=off is set")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    serve(Console(stack))
    return 0


if __name__ == "__main__":
    sys.exit(main())
