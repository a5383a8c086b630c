"""The lists of commands: of the Makefile, and of each service's command line."""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from deploy.docs.files import ROOT
from deploy.docs.markdown import code, table
from deploy.services import SERVICES

TARGET: Final = re.compile(r"^([a-z-]+):.*?## (.+)$|^##@ (.+)$", re.MULTILINE)


def commands() -> str:
    parts = ["## make", make_targets((ROOT / "Makefile").read_text(encoding="utf-8"))]
    for service in SERVICES:
        group = typer.main.get_command(import_module(f"{service}.commands").cli)
        rows = [(code(f"{service} {usage}"), said) for usage, said in walk(group)]
        parts += [f"## {service}", table(("command", "what it does"), rows)]
    return "\n\n".join(parts)


def make_targets(makefile: str) -> str:
    """A table for each heading (`##@ Heading`) of the Makefile, or one table without headings."""
    tables: list[tuple[str, list[tuple[str, str]]]] = [("", [])]
    for target, said, heading in TARGET.findall(makefile):
        if heading:
            tables.append((heading, []))
        else:
            tables[-1][1].append((code(f"make {target}"), said))
    shown = [(heading, table(("command", "what it does"), rows)) for heading, rows in tables if rows]
    return "\n\n".join(f"### {heading}\n\n{text}" if heading else text for heading, text in shown)


def walk(group: object, *path: str) -> Iterator[tuple[str, str]]:
    """Each command with its parameters, and the first paragraph of its help."""
    if isinstance(group, TyperGroup):
        for name, command in group.commands.items():
            yield from walk(command, *path, name)
    elif isinstance(group, TyperCommand):
        shown = [parameter_of(one) for one in group.params if one.name != "help"]
        yield " ".join([*path, *shown]), " ".join((group.help or "").split("\n\n")[0].split())


def parameter_of(parameter: Any) -> str:
    """`[--repair]`, `[--target TARGET]`, `NAME`, `[NAMES…]`. The class behind it is private to typer."""
    name = str(parameter.name).upper()
    if isinstance(parameter, TyperOption):
        return f"[{parameter.opts[0]}]" if parameter.is_flag else f"[{parameter.opts[0]} {name}]"
    name += "…" if parameter.nargs == -1 else ""
    return name if parameter.required else f"[{name}]"
