"""The table of error codes, from docs/openapi.json."""

import json
from typing import Any, Final

from deploy.docs.files import ROOT
from deploy.docs.markdown import code, table
from deploy.services import STARTED

DOCUMENT: Final = ROOT / "docs" / "openapi.json"


def problems() -> str:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    found: dict[tuple[str, str], tuple[str, set[str]]] = {}
    for path, operations in document["paths"].items():
        service = next((service for service in STARTED if path.startswith(f"/{service}")), "auth")  # /.well-known
        for response in (one for operation in operations.values() for one in operation["responses"].values()):
            for example in examples(document, response):
                key = (str(example["status"]), example["code"])
                found.setdefault(key, (example["detail"], set()))[1].add(service)
    rows = [
        (code(name), status, "all" if len(services) == len(STARTED) else ", ".join(sorted(services)), said)
        for (status, name), (said, services) in sorted(found.items())
    ]
    return table(("code", "status", "service", "meaning"), rows)


def examples(document: dict[str, Any], response: dict[str, Any]) -> list[dict[str, Any]]:
    """The problems in the examples of a response."""
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    contents = response.get("content", {}).values()
    values = [example["value"] for content in contents for example in content.get("examples", {}).values()]
    return [value for value in values if "code" in value]
