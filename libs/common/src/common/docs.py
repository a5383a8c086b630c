"""`/docs/SERVICE`: Swagger UI from files of our own (fastapi-offline's wheel), and the schema it shows.

The paths are the same inside and at the gateway, so the page works in both places.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any, Final

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.staticfiles import StaticFiles
from starlette.routing import BaseRoute

from common.deps import NotForThisCaller, SignInRequired
from common.errors import PreconditionFailed
from common.idempotency import BadIdempotencyKey, IdempotencyKeyReused, RequestInProgress
from common.problems import DatabaseUnavailable, Problem, problem_response
from common.rate_limits import RateLimited
from common.routing import ServiceRoute
from common.service_client import PeerUnavailable
from common.tokens import InvalidToken, KeysUnavailable

ASSETS: Final = Path(fastapi_offline.__file__).parent / "static"
PAGE_CSP: Final = (
    "default-src 'none'; script-src 'self' 'sha256-{hash}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'"
)
JSON_CODES: Final = ("malformed-body", "duplicate-names", "body-too-deep", "body-too-large")
METHODS: Final = ("get", "put", "post", "delete", "patch")


def operation_id(route: APIRoute) -> str:
    """`posts-revise_post`: unique within a service, and a good name for a generated client's method."""
    return f"{route.tags[0]}-{route.name}" if route.tags else route.name


def describe(app: FastAPI) -> dict[str, Any]:
    """The app's OpenAPI document, with the problems that every route of a kind may answer."""
    if not app.openapi_schema:
        app.openapi_schema = document_of(app, app.routes)
    return app.openapi_schema


def describe_all(app: FastAPI) -> dict[str, Any]:
    """The same with the routes for services, which the published document leaves out: for tests."""
    routes = [copy(context.original_route) for context in iter_route_contexts(app.routes)]
    for route in routes:
        if isinstance(route, ServiceRoute):
            route.include_in_schema = True
    return document_of(app, routes)


def document_of(app: FastAPI, routes: Sequence[BaseRoute]) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    definition = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(definition.pop("$defs"), Problem=definition)
    for path in document["paths"].values():
        for method in METHODS:
            if method in path:
                add_common_problems(path[method])
    return document


def add_common_problems(operation: dict[str, Any]) -> None:
    """What needs no declaring on each route, because it follows from what the route takes."""
    responses = operation["responses"]
    parameters = {parameter["name"].lower() for parameter in operation.get("parameters", ())}
    if parameters or "requestBody" in operation:  # in place of FastAPI's own, which it leaves out beside another 422
        add_codes(responses, 422, "validation-failed")
    if "if-match" in parameters:
        add_codes(responses, 412, PreconditionFailed.code)
    if "idempotency-key" in parameters:
        add_codes(responses, 409, RequestInProgress.code)
        add_codes(responses, 422, BadIdempotencyKey.code, IdempotencyKeyReused.code)
    if "security" in operation:
        add_codes(responses, 401, SignInRequired.code, InvalidToken.code)
        add_codes(responses, 403, NotForThisCaller.code)
    if "requestBody" in operation:
        add_codes(responses, 400, "malformed-body")
        add_codes(responses, 408, "request-timeout")
        add_codes(responses, 413, "body-too-large")
        add_codes(responses, 415, "unsupported-media-type")
        if "application/json" in operation["requestBody"]["content"]:
            add_codes(responses, 422, *JSON_CODES)
    add_codes(responses, 414, "url-too-long")
    add_codes(responses, 429, RateLimited.code)
    add_codes(responses, 431, "headers-too-large")
    add_codes(responses, 500, "internal-error")
    add_codes(responses, 503, DatabaseUnavailable.code, PeerUnavailable.code, KeysUnavailable.code)


def add_codes(responses: dict[str, Any], status: int, *codes: str) -> None:
    """Let a route answer with these codes as well."""
    declared = declared_codes(responses.get(str(status), {}))
    responses[str(status)] = problem_response(list(dict.fromkeys([*declared, *codes])))


def declared_codes(response: dict[str, Any]) -> list[str]:
    """The codes of one entry of OpenAPI's `responses`."""
    schema = response.get("content", {}).get("application/problem+json", {}).get("schema", {})
    codes: list[str] = schema.get("properties", {}).get("code", {}).get("enum", [])
    return codes


def install_docs(app: FastAPI, service: str) -> None:
    """Mount the page, its files and the schema. Included last: it is asked for least."""
    base = f"/docs/{service}"
    page = get_swagger_ui_html(
        openapi_url=f"{base}/openapi.json",
        title=app.title,
        swagger_js_url=f"{base}/static/swagger-ui-bundle.js",
        swagger_css_url=f"{base}/static/swagger-ui.css",
        swagger_favicon_url=f"{base}/static/favicon.png",
        oauth2_redirect_url=None,
        swagger_ui_parameters={"persistAuthorization": True, "tryItOutEnabled": True},
    )
    csp = PAGE_CSP.format(hash=script_hash(bytes(page.body).decode()))

    @app.get(base, include_in_schema=False)
    async def swagger_ui() -> HTMLResponse:
        return HTMLResponse(page.body, headers={"Content-Security-Policy": csp, "Cache-Control": "no-cache"})

    @app.get(f"{base}/openapi.json", include_in_schema=False)
    async def schema() -> dict[str, Any]:
        return describe(app)

    app.mount(f"{base}/static", StaticFiles(directory=ASSETS), name="docs")


def script_hash(html: str) -> str:
    """The CSP hash of the page's one inline script, so that no other may run."""
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    return base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
