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
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from fastapi.staticfiles import StaticFiles

from common.problems import Problem, problem_response
from common.routing import INTERNAL

ASSETS: Final = Path(fastapi_offline.__file__).parent / "static"
PAGE_CSP: Final = (
    "default-src 'none'; script-src 'self' 'sha256-{hash}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'"
)


def operation_id(route: APIRoute) -> str:
    """`posts-revise_post`: unique within a service, and a good name for a generated client's method."""
    return f"{route.tags[0]}-{route.name}" if route.tags else route.name


def describe(app: FastAPI, *, internal: bool = False) -> dict[str, Any]:
    """The app's OpenAPI document: its public routes, or all of them; with the problems that follow from their kind."""
    routes = [route for route in iter_route_contexts(app.routes) if internal or not is_internal(route)]
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    definition = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(definition.pop("$defs"), Problem=definition)
    for path in document["paths"].values():
        for operation in path.values():
            add_common_problems(operation)
    return document


def is_internal(route: RouteContext) -> bool:
    return str(route.path).startswith(f"{INTERNAL}/")


def add_common_problems(operation: dict[str, Any]) -> None:
    """What needs no declaring on each route, because it follows from what the route takes."""
    responses = operation["responses"]
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]  # FastAPI's own
    takes = {parameter["in"] for parameter in operation.get("parameters", ())}
    body = operation.get("requestBody")
    common = {500: ["internal-error"], 503: ["database-unavailable", "peer-unavailable", "keys-unavailable"]}
    if takes or body:
        common[422] = ["validation-failed"]
    if "path" in takes:
        common[404] = ["no-such-route"]
    if "security" in operation:
        common |= {401: ["sign-in-required", "invalid-token"], 403: ["not-for-this-caller"]}
    if body:
        common |= {400: ["malformed-body"], 413: ["body-too-large"], 415: ["unsupported-media-type"]}
        if "application/json" in body["content"]:
            common[422] += ["malformed-body", "duplicate-names", "body-too-deep", "body-too-large"]
    for status, codes in common.items():
        declared = responses.get(str(status))
        responses[str(status)] = problem_response(list(dict.fromkeys([*codes_of(declared), *codes])))
    operation["responses"] = dict(sorted(responses.items()))


def codes_of(response: dict[str, Any] | None) -> list[str]:
    """The codes that a route has declared for a status."""
    if response is None:
        return []
    codes: list[str] = response["content"]["application/problem+json"]["schema"]["properties"]["code"]["enum"]
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
