"""The generated parts of the client for Python.

datamodel-code-generator makes `models.py`. One method for each operation, one exception for each error code, and the
client for threads are made here: generators for whole clients give each operation a module, and a union of all
answers.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from textwrap import fill, indent
from typing import Any, Final

from deploy.clients.document import FORM, JSON, Node, Operation, codes, document, operations, own_codes, reference
from deploy.clients.made import CLIENTS
from deploy.release.environments import generator

PACKAGE: Final = CLIENTS / "python" / "src" / "trivium_client"
LIMITS: Final = {"minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "pattern", "examples", "title"}
TYPES: Final = {"string": "str", "integer": "int", "boolean": "bool"}
FORMATS: Final = {"uuid": "UUID", "date-time": "datetime"}
WIDTH: Final = 116
MODELS: Final = """--input-file-type openapi --openapi-scopes schemas --output-model-type pydantic_v2.BaseModel
--base-class trivium_client.model.Model --target-python-version 3.11 --use-annotated --use-union-operator
--use-standard-collections --use-type-alias --enum-field-as-literal all --use-schema-description
--use-field-description --use-single-line-docstring --keep-model-order --formatters builtin --disable-timestamp"""
MADE: Final = '"""{} Made by `make clients`; do not edit."""\n\n'
PROBLEMS: Final = """from collections.abc import Mapping
from typing import Final

from trivium_client.errors import Problem


"""
CLIENT: Final = """from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from trivium_client.asynchronous.connection import Connection
from trivium_client.calls import Call, new_key
from trivium_client.models import {models}


class AsyncTrivium(Connection):
    \"\"\"The API, for asyncio. Each method is one operation.\"\"\"
"""
TO_SYNCHRONOUS: Final = {
    r"Awaitable\[(Page\[T\])\]": r"\1",
    r"AsyncIterator, Awaitable, ": "Iterator, ",
    r"\basync (def|with|for) ": r"\1 ",
    r"\bawait ": "",
    r"\bAsync(Client|Iterator|Trivium)\b": r"\1",
    r"\b__a(enter|exit)__\b": r"__\1__",
    r"\baclose\b": "close",
    r"\basynchronous\b": "synchronous",
    r"for asyncio": "for threads",
}


def write() -> list[Path]:
    """Write all generated files; returns them."""
    described = document()
    texts = {
        "models.py": models(described),
        "problems.py": problems(described),
        "asynchronous/client.py": client(described),
    }
    connection = (PACKAGE / "asynchronous" / "connection.py").read_text(encoding="utf-8")
    texts["synchronous/client.py"] = synchronous(texts["asynchronous/client.py"])
    texts["synchronous/connection.py"] = synchronous(connection)
    for name, text in texts.items():
        (PACKAGE / name).write_text(text, encoding="utf-8")
    files = [PACKAGE / name for name in texts]
    ruff = Path(sys.executable).with_name("ruff")
    subprocess.run([ruff, "check", "--quiet", "--fix", "--select", "F401,I", *files], check=True)
    subprocess.run([ruff, "format", "--quiet", *files], check=True)
    return files


def models(described: Node) -> str:
    """Types only. The server alone knows the limits, so that a client is not stricter than a newer server."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "openapi.json", Path(folder) / "models.py"
        source.write_text(json.dumps(without_limits(described)), encoding="utf-8")
        way = ["--input", str(source), "--output", str(target), *MODELS.split()]
        subprocess.run([generator("datamodel-codegen"), *way], check=True)
        made = target.read_text(encoding="utf-8")
    return MADE.format("The bodies of requests and answers.") + made.partition("\n\n")[2]


def without_limits(node: Any, *, named: bool = False) -> Any:
    """A part of the document without limits and examples. `named`: its keys are names of fields."""
    if isinstance(node, list):
        return [without_limits(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: without_limits(value, named=key in {"properties", "schemas"} and not named)
        for key, value in node.items()
        if named or (key not in LIMITS and (key != "format" or value in FORMATS))
    }


def problems(described: Node) -> str:
    """The exceptions, and the table that finds them by their codes."""
    known = {code: class_name(code) for code in codes(described)}
    classes = [
        f'class {known[code]}(Problem):\n    """{meaning}"""\n\n    known_code = "{code}"\n\n\n'
        for code, meaning in codes(described).items()
    ]
    table = "".join(f'    "{code}": {name},\n' for code, name in known.items())
    head = MADE.format("An exception for each error code.") + PROBLEMS
    return head + "".join(classes) + f"BY_CODE: Final[Mapping[str, type[Problem]]] = {{\n{table}}}\n"


def class_name(code: str) -> str:
    return "".join(word.title() for word in code.split("-"))


def client(described: Node) -> str:
    names = sorted(described["components"]["schemas"])
    head = MADE.format("One method for each operation.") + CLIENT.format(models=", ".join(names))
    choices = {name for name, schema in described["components"]["schemas"].items() if "oneOf" in schema}
    return head + "".join(method(one, own_codes(described, one), choices) for one in operations(described))


def method(operation: Operation, refusals: Mapping[str, str], choices: Container[str] = ()) -> str:
    """The method of an operation: path parameters and body by position, everything else by name.

    `choices` are the schemas that are one of several models, which have no class.
    """
    path = [one for one in operation.parameters if one["in"] == "path"]
    query = [one for one in operation.parameters if one["in"] == "query"]
    form, body, result = operation.body(FORM), operation.body(JSON), operation.result
    takes = [f"{one['name']}: {annotation(one['schema'])}" for one in path]
    takes += [f"form: {form}"] if form else []
    takes += [f"body: {body}"] if body else []
    named = [*(keyword(one) for one in query), *headers(operation)]
    signature = ", ".join(["self", *takes, *(["*", *named] if named else [])])
    gives = [f'"{operation.method}"', "f" * bool(path) + f'"{operation.path}"', *given(operation, query)]
    call = f"Call({', '.join(gives)})"
    does = f"return await self._read({result}, {call})" if result else f"await self._send({call})"
    if result in choices:
        does = f"answer: {result} = await self._choose({result}, {call})\n        return answer"
    return f"""
    async def {operation.name}({signature}) -> {result}:
        \"\"\"{documentation(operation, refusals)}\"\"\"
        {does}
"""


def headers(operation: Operation) -> Iterator[str]:
    """`If-None-Match` is left out: a client without a cache has no use for it."""
    if operation.takes("If-Match"):
        yield "if_match: str | None = None"
    if operation.takes("Idempotency-Key"):
        yield "idempotency_key: str | None = None"


def given(operation: Operation, query: list[Node]) -> Iterator[str]:
    """The further arguments of `Call`."""
    if query:
        members = ", ".join(f'"{one["name"]}": {variable(one)}' for one in query)
        yield f"query={{{members}}}"
    if operation.body(FORM):
        yield "form=form"
    if operation.body(JSON):
        yield "body=body"
    if operation.takes("If-Match"):
        yield "if_match=if_match"
    if operation.takes("Idempotency-Key"):
        yield "idempotency_key=idempotency_key or new_key()"
    if not operation.is_signed:
        yield "signed=False"


def keyword(parameter: Node) -> str:
    kind = annotation(parameter["schema"])
    return f"{variable(parameter)}: {kind}" + ("" if parameter.get("required") else " | None = None")


def variable(parameter: Node) -> str:
    """`from` is a keyword of Python."""
    name: str = parameter["name"]
    return f"{name}_" if name == "from" else name


def annotation(schema: Node) -> str:
    """The type of a parameter.

    Raises:
        KeyError: its schema has a form that no parameter has so far.
    """
    if "$ref" in schema:
        return str(reference({"schema": schema}))
    if "enum" in schema:
        return f"Literal[{', '.join(map(json.dumps, schema['enum']))}]"
    return FORMATS.get(schema.get("format", "")) or TYPES[schema["type"]]


def documentation(operation: Operation, refusals: Mapping[str, str]) -> str:
    """The description and the operation's own refusals, as a docstring."""
    paragraphs = operation.node["description"].replace("\\", "\\\\").split("\n\n")
    text = "\n\n".join(fill(" ".join(one.split()), WIDTH - 8) for one in paragraphs)
    raised = [f"    {class_name(code)}: {meaning}" for code, meaning in refusals.items()]
    if raised:
        text += "\n\n" + "\n".join(["Raises:", *(fill(one, WIDTH - 8, subsequent_indent=" " * 8) for one in raised)])
    return indent(text, " " * 8).strip() + ("\n        " if "\n" in text else "")


def synchronous(text: str) -> str:
    """The same code for threads."""
    for pattern, replacement in TO_SYNCHRONOUS.items():
        text = re.sub(pattern, replacement, text)
    return re.sub(r'^"""(?!.*Made by)(.*?)"""', r'"""\1 Made by `make clients`; do not edit."""', text)
