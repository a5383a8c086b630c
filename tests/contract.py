"""Checks every answer in a test against its route's declaration, so that no status or code is undeclared."""

# Collected instead of raised: an exception of the app after an answer would not reach the test.

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from common.http.docs import declared_codes, describe
from common.http.routing import ServiceRoute

DOCUMENTS: dict[str, Any] = {}


def document(app: FastAPI) -> Any:
    """An app's OpenAPI document, with internal routes. Routes depend on no setting, so each service has only one."""
    if app.title not in DOCUMENTS:
        DOCUMENTS[app.title] = describe(app, internal=True)
    return DOCUMENTS[app.title]


class Declared:
    """An app whose answers are compared with its OpenAPI document, internal routes included."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.paths: dict[str, Any] = document(app)["paths"]
        self.undeclared: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: dict[str, Any] = {"body": b""}

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer["status"] = message["status"]
                answer["headers"] = dict(message.get("headers", ()))
            elif message["type"] == "http.response.body":
                answer["body"] += message.get("body", b"")
            await send(message)

        await self.app(scope, receive, watch)
        route = scope.get("route")
        if isinstance(route, ServiceRoute) and scope["method"] in (route.methods or ()):
            self.compare(scope["method"], route.path_format, answer)

    def compare(self, method: str, path: str, answer: Mapping[str, Any]) -> None:
        status, body = answer["status"], answer["body"]
        declared = self.paths[path][method.lower()]["responses"]
        if str(status) not in declared:
            self.undeclared.append(f"{method} {path} answered {status}: {body[:500]!r}")
        elif status >= 400:
            code = json.loads(body)["code"]
            if code not in declared_codes(declared[str(status)]):
                self.undeclared.append(f"{method} {path} answered {status} {code}")
            media_type = answer["headers"][b"content-type"].decode().partition(";")[0]
            if media_type not in declared[str(status)].get("content", {}):
                self.undeclared.append(f"{method} {path} answered {status} as {media_type}")
