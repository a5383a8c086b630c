"""Merges the OpenAPI documents of all services: `python -m deploy.gateway.openapi` writes docs/openapi.json.

The file is reviewed like code, since clients are generated from it: its diff shows breaking changes. With `--check`,
in `make check`, it fails if the file is outdated. The gateway serves the file unchanged.
"""

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final

from common.http.docs import SCHEMAS, declared_codes, describe, rename
from common.http.problems import PROBLEM
from deploy.local.stack import ROOT
from deploy.services import STARTED

SNAPSHOT: Final = ROOT / "docs" / "openapi.json"
NOWHERE: Final = {
    "database_url": "postgresql://nobody@127.0.0.1/nothing",
    **dict.fromkeys(("database_password", "client_secret", "key_encryption_key", "refresh_key"), token_urlsafe(32)),
}
Node = dict[str, Any]
Document = Node


def describe_service(service: str) -> Document:
    """The OpenAPI document of a service's app, which is created with placeholder settings and never started."""
    settings = import_module(f"{service}.config").Settings
    app = import_module(f"{service}.main").create_app(settings.model_validate(NOWHERE))
    return describe(app)


def merge(documents: Mapping[str, Document]) -> Document:
    """Merge documents, by service. Equal schemas are shared; different schemas of one name are renamed.

    Raises:
        ValueError: two services have the same path, operation id or tag.
    """
    merged: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Trivium",
            "version": next(iter(documents.values()))["info"]["version"],
            "description": "\n".join(f"- **{name}**: {one['info']['description']}" for name, one in documents.items()),
        },
        "servers": [{"url": "/"}],
        "tags": [],
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {}, "responses": {}},
    }
    for service, document in documents.items():
        add(merged, rename(document, {name: service.title() + name for name in namesakes(merged, document)}))
    operations = [operation["operationId"] for path in merged["paths"].values() for operation in path.values()]
    require_once("operation id", operations)
    require_once("tag", [tag["name"] for tag in merged["tags"]])
    share_responses(merged)
    for kind, found in merged["components"].items():
        merged["components"][kind] = dict(sorted(found.items()))
    return merged


def share_responses(merged: Document) -> None:
    """Move each problem response that several routes share to the components, and refer to it by name."""
    found: dict[str, Node] = {}
    operations = [operation for path in merged["paths"].values() for operation in path.values()]
    answers = [(operation, status) for operation in operations for status in operation["responses"]]
    problems = [(operation, status) for operation, status in answers if declared_codes(operation["responses"][status])]
    for operation, status in problems:
        response = operation["responses"][status]
        found[json.dumps(response, sort_keys=True)] = response
    # Some generators name the response `Blocked` `BlockedResponse`, which may be a schema already.
    taken = [name.removesuffix("Response") for name in merged["components"]["schemas"]]
    names: dict[str, str] = {}
    for text, response in sorted(found.items(), key=lambda one: (len(declared_codes(one[1])), one[0])):
        names[text] = name_of(response, [*taken, *names.values()])
        merged["components"]["responses"][names[text]] = response
    for operation, status in problems:
        name = names[json.dumps(operation["responses"][status], sort_keys=True)]
        operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}


def name_of(response: Node, taken: Collection[str]) -> str:
    """A name for generated code: the first code, `PostNotFound`; if that is taken, all codes, `NotTheAuthorOrBlocked`.

    Raises:
        ValueError: both are taken.
    """
    prefix = "" if PROBLEM in response["content"] else "OAuth"
    words = [code.title().replace("-", "") for code in declared_codes(response)]
    for name in (prefix + words[0], prefix + "Or".join(words[:2])):
        if name not in taken:
            return name
    raise ValueError(f"no name is left for the response with the codes {declared_codes(response)}")


def add(merged: Document, document: Document) -> None:
    require_once("path", [*merged["paths"], *document["paths"]])
    merged["paths"].update(document["paths"])
    merged["tags"] += document["tags"]
    for kind in ("schemas", "securitySchemes"):
        merged["components"][kind].update(document["components"].get(kind, {}))


def require_once(what: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two services have the {what} {name}")


def namesakes(merged: Document, document: Document) -> set[str]:
    """The schemas whose name is taken, and those that refer to one of them."""
    there, here = merged["components"]["schemas"], document["components"]["schemas"]
    differing = {name for name, schema in here.items() if name in there and schema != there[name]}
    while True:
        more = {name for name in here.keys() & there.keys() - differing if references(here[name]) & differing}
        if not more:
            return differing
        differing |= more


def references(node: Any) -> set[str]:
    """The names of the schemas that a part of a document refers to."""
    if isinstance(node, dict):
        own = {node["$ref"].removeprefix(SCHEMAS)} if isinstance(node.get("$ref"), str) else set[str]()
        return own.union(*map(references, node.values()))
    return set[str]().union(*map(references, node)) if isinstance(node, list) else set()


def current() -> str:
    """The current text of docs/openapi.json."""
    document = merge({service: describe_service(service) for service in STARTED})
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write(path: Path = SNAPSHOT) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(current(), encoding="utf-8")


def check() -> None:
    """Raises SystemExit if the file is outdated."""
    if SNAPSHOT.read_text(encoding="utf-8") != current():
        sys.exit("docs/openapi.json is outdated: `make openapi`, then read its diff as a client would")


if __name__ == "__main__":
    check() if "--check" in sys.argv else write()
