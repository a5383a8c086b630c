"""`/docs/SERVICE`: Swagger UI from files of our own (fastapi-offline's wheel), and the schema it shows.

The paths are the same inside and at the gateway, so the page works in both places.
"""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any, Final

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles

from common.problems import Problem, problem_response

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
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    definition = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(definition.pop("$defs"), Problem=definition)
    for path in document["paths"].values():
        for method in METHODS:
            if method in path:
                add_common_problems(path[method])
    app.openapi_schema = document
    return document


def add_common_problems(operation: dict[str, Any]) -> None:
    """What needs no declaring on each route, because it follows from what the route takes."""
    responses = operation["responses"]
    if "422" in responses and "application/json" in responses["422"].get("content", {}):
        as_json = "application/json" in operation.get("requestBody", {}).get("content", {})
        responses["422"] = problem_response(
            ["validation-failed", *(JSON_CODES if as_json else ())]
        )  # not FastAPI's own
    if "security" in operation:
        responses.setdefault("401", problem_response(["sign-in-required", "invalid-token"]))
    if "requestBody" in operation:
        responses.setdefault("400", problem_response(["malformed-body"]))
        responses.setdefault("413", problem_response(["body-too-large"]))
        responses.setdefault("415", problem_response(["unsupported-media-type"]))
    responses.setdefault("500", problem_response(["internal-error"]))
    responses.setdefault("503", problem_response(["database-unavailable", "peer-unavailable", "keys-unavailable"]))


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
