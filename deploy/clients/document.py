"""The operations and error codes in docs/openapi.json, as the generators need them."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from deploy.gateway.openapi import SNAPSHOT

Node = dict[str, Any]
PREFIX: Final = "#/components/schemas/"
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    node: Node

    @property
    def name(self) -> str:
        """Such as `create_post`."""
        return str(self.node["operationId"])

    @property
    def parameters(self) -> list[Node]:
        return list(self.node.get("parameters", ()))

    def takes(self, header: str) -> bool:
        return any(one["in"] == "header" and one["name"] == header for one in self.parameters)

    @property
    def is_signed(self) -> bool:
        """Whether signed-in callers send their token."""
        return "security" in self.node

    def body(self, media: str) -> str | None:
        """The name of the schema of the body; None if it has none of this media type."""
        return reference(self.node.get("requestBody", {}).get("content", {}).get(media))

    @property
    def result(self) -> str | None:
        """The name of the schema of the answer; None if it is empty."""
        return next((reference(answer.get("content", {}).get(JSON)) for answer in self.successes()), None)

    @property
    def is_for_clients(self) -> bool:
        """Whether it takes fields, if anything, and answers with JSON or nothing.

        Feeds are for feed readers, and raw bytes are sent to an address that an answer names.
        """
        takes_fields = {JSON, FORM} >= self.node.get("requestBody", {}).get("content", {}).keys()
        return takes_fields and all(JSON in answer["content"] for answer in self.successes() if "content" in answer)

    def successes(self) -> Iterator[Node]:
        return (answer for status, answer in self.node["responses"].items() if status.startswith("2"))


def reference(content: Node | None) -> str | None:
    """Raises ValueError: the schema has no name, so that generated code could not name its type."""
    if content is None or "schema" not in content:
        return None
    target = content["schema"].get("$ref", "")
    if not target.startswith(PREFIX):
        raise ValueError(f"a body without a named schema: {content}")
    return str(target.removeprefix(PREFIX))


def document() -> Node:
    read: Node = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    return read


def operations(described: Node) -> list[Operation]:
    found = (
        Operation(method.upper(), path, node)
        for path, methods in described["paths"].items()
        for method, node in methods.items()
    )
    return [operation for operation in found if operation.is_for_clients]


def codes(described: Node) -> dict[str, str]:
    """The meaning of each error code, sorted by code."""
    return meanings(described["components"]["responses"].values())


def own_codes(described: Node, operation: Operation) -> dict[str, str]:
    """The meanings of the codes that an operation has, and that less than a quarter of the operations have."""
    shared = described["components"]["responses"]

    def all_of(one: Operation) -> dict[str, str]:
        names = [answer["$ref"].rpartition("/")[2] for answer in one.node["responses"].values() if "$ref" in answer]
        return meanings(shared[name] for name in names)

    everywhere = Counter(code for one in operations(described) for code in all_of(one))
    rare = len(operations(described)) / 4
    return {code: meaning for code, meaning in all_of(operation).items() if everywhere[code] < rare}


def meanings(responses: Iterable[Node]) -> dict[str, str]:
    examples = [
        example["value"]
        for response in responses
        for content in response["content"].values()
        for example in content["examples"].values()
    ]
    return {one["code"]: one["detail"] for one in sorted(examples, key=lambda one: str(one["code"]))}
