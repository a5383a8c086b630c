"""`python -m deploy.local COMMAND`, from the repository's folder. The Makefile's targets are these commands."""

from __future__ import annotations

import argparse
import os
import sys

from deploy.local import control, mail
from deploy.local.errors import StackError
from deploy.local.runner import Runner
from deploy.local.secret_files import SERVICES
from deploy.local.stack import Stack


def main() -> int:
    """Do one command; 0 if it worked."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description="The stack on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="run in the foreground")
    up.add_argument("--background", action="store_true", help=argparse.SUPPRESS)
    commands.add_parser("start", help="run in the background; returns when ready")
    commands.add_parser("stop", help="stop it")
    commands.add_parser("status", help="show the processes; exit code 0 only if all are usable")
    commands.add_parser("restart", help="restart one process").add_argument("name")
    run = commands.add_parser("run", help="run a service's own command: run posts outbox status")
    run.add_argument("service", choices=SERVICES)
    run.add_argument("words", nargs=argparse.REMAINDER)
    commands.add_parser("mail", help="list the newest mails, the last one at the bottom")
    commands.add_parser("reset", help="stop, and delete all local data")
    arguments = parser.parse_args()
    try:
        return _do(arguments, Stack.from_environment())
    except StackError as error:
        sys.stderr.write(f"trivium: {error}\n")
        return 1
    except PermissionError as error:
        sys.stderr.write(f"trivium: {error.filename} belongs to another user: run as that user, or delete it\n")
        return 1
    except BrokenPipeError:  # `make status | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _do(arguments: argparse.Namespace, stack: Stack) -> int:
    match arguments.command:
        case "up":
            Runner(stack, background=arguments.background).run()
        case "start":
            control.start(stack)
        case "stop":
            control.stop(stack)
        case "status":
            return 0 if control.status(stack) else 1
        case "restart":
            control.restart(stack, arguments.name)
        case "run":
            return control.run(stack, arguments.service, arguments.words)
        case "mail":
            mail.show(stack)
        case "reset":
            control.reset(stack)
    return 0


if __name__ == "__main__":
    sys.exit(main())
