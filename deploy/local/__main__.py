"""`python -m deploy.local COMMAND`, in the repository's folder. The Makefile's targets run these commands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from deploy.local import control, mail, renew, show
from deploy.local.errors import StackError
from deploy.local.stack import Stack
from deploy.services import DATABASES, SERVICES


def main() -> int:
    """Run one command; exit code 0 on success."""
    arguments = _parser().parse_args()
    try:
        return int(arguments.do(Stack.from_environment(), arguments) or 0)
    except StackError as error:
        sys.stderr.write(f"trivium: {error}\n")
        return 1
    except PermissionError as error:
        sys.stderr.write(f"trivium: {error.filename} belongs to another user: run as that user, or delete it\n")
        return 1
    except BrokenPipeError:  # `make status | head`: the reader has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def up_here(stack: Stack, given: argparse.Namespace) -> None:
    from deploy.local.runner import Runner  # only here: the other commands do without its site and its supervision

    if given.command == "up" and not given.background:
        control.stop_if_outdated(stack)
    Runner(stack, background=given.background, develop=given.command == "dev").run()


def _parser() -> argparse.ArgumentParser:
    """The parser of all commands. Each has a function `do`, which returns an exit code or None."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description="The stack on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, told: str, do: Callable[[Stack, argparse.Namespace], int | None]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=told)
        added.set_defaults(do=do)
        return added

    up = command("up", "run in the foreground", up_here)
    up.add_argument("--background", action="store_true", help=argparse.SUPPRESS)
    command("dev", "run in the foreground; renew what files change", up_here).set_defaults(background=False)
    command("start", "run in the background; returns when ready", lambda stack, _: control.start(stack))
    command("stop", "stop it", lambda stack, _: control.stop(stack))
    command("status", "show the processes; exit code 0 only if all are usable", lambda stack, _: not show.status(stack))
    restart = command("restart", "migrate and restart", lambda stack, given: renew.restart(stack, given.name))
    restart.add_argument("name", help="a service, or one process: posts, posts-2, gateway, postgres")
    migrate = command("migrate", "migrate databases", lambda stack, given: renew.migrate(stack, given.services))
    migrate.add_argument("services", nargs="*", metavar="SERVICE")
    logs = command(
        "logs", "show logs and follow them", lambda stack, given: show.logs(stack, given.names, given.follow)
    )
    logs.add_argument("names", nargs="*", metavar="NAME")
    logs.add_argument("--no-follow", dest="follow", action="store_false", help="end after the last lines")
    psql = command("psql", "open a database", lambda stack, given: show.psql(stack, given.database, given.arguments))
    psql.add_argument("database", choices=DATABASES)
    psql.add_argument("--arguments", default="", help="psql's own, as one text")
    run = command("run", "run a service's command", lambda stack, given: renew.run(stack, given.service, given.words))
    run.add_argument("service", choices=SERVICES)
    run.add_argument("words", nargs=argparse.REMAINDER)
    command("mail", "list the newest mails, the last one at the bottom", lambda stack, _: mail.show(stack))
    command("reset", "stop, and delete all local data", lambda stack, _: control.reset(stack))
    return parser


if __name__ == "__main__":
    sys.exit(main())
