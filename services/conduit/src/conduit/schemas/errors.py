"""The one form of errors in the RealWorld API: `{"errors": {"<key>": ["<message>", …]}}`.

Every problem of this service gets it, whoever raised it, beside its usual members (RFC 9457).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from common.http.problems import ErrorForm, problem
from conduit.services.errors import FieldsRefused

MEDIA_TYPE: Final = "application/json; charset=utf-8"
BLANK: Final = "can't be blank"
BLANK_TYPES: Final = frozenset({"missing", "blank"})
SAID: Final[Mapping[str, tuple[str, str]]] = {
    "sign-in-required": ("token", "is missing"),
    "invalid-token": ("token", "is invalid"),
    "credentials-invalid": ("credentials", "invalid"),
    "article-not-found": ("article", "not found"),
    "comment-not-found": ("comment", "not found"),
    "profile-not-found": ("profile", "not found"),
    "not-your-article": ("article", "forbidden"),
    "not-your-comment": ("comment", "forbidden"),
    "profile-forbidden": ("profile", "forbidden"),
    "cannot-follow-yourself": ("profile", "can't be yourself"),
    "email-taken": ("email", "has already been taken"),
    "username-needed": ("username", "is needed"),
    "username-taken": ("username", "has already been taken"),
}
"""Key and message by the code of a problem."""
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "title": "ConduitErrors",
    "required": ["errors"],
    "properties": {
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
    },
}
OTHER: Final = "request"
"""The key of all other problems, whose message is their detail."""


def as_conduit(body: dict[str, Any]) -> dict[str, Any]:
    """The body of a problem, with `errors` in the RealWorld form."""
    if found := body.get("errors"):
        return body | {"errors": by_field(found)}
    key, message = SAID.get(body["code"], (OTHER, body["detail"]))
    return body | {"errors": {key: [message]}}


def by_field(items: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Messages by field. That a field is blank comes first."""
    fields: dict[str, list[str]] = {}
    for item in items:
        words = [part for part in item["loc"] if isinstance(part, str)]
        messages = fields.setdefault(words[-1] if words else OTHER, [])
        if item["type"] in BLANK_TYPES:
            messages.insert(0, BLANK)
        else:
            messages.append(item["msg"])
    return fields


def install_errors(app: FastAPI) -> None:
    app.state.error_form = ErrorForm(as_conduit, SCHEMA, MEDIA_TYPE)

    @app.exception_handler(FieldsRefused)
    async def refuse(request: Request, error: FieldsRefused) -> Response:
        errors = [
            {"loc": ["body", name], "msg": message, "type": "refused"}
            for name, messages in error.fields.items()
            for message in messages
        ]
        return problem(request, 422, code=error.code, detail=str(error), errors=errors)
