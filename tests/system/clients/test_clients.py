"""Clients of six generators, from docs/openapi.json, and two strict OAuth libraries use the running stack.

Each client is generated, compiled or type-checked, and runs the same scenario: sign up, sign in, write, edit with
If-Match, get a 412 for a late edit, list, export, read a problem. `make test-clients` runs them;
docs/reference/clients.md has the results.
"""

import json
import shutil
import sys

import pytest
from httpx import AsyncClient

from tests.system.clients.conftest import DEPENDENCIES, STORIES, TYPESCRIPT, Workshop, is_told

pytestmark = pytest.mark.clients


def stories(workshop: Workshop, language: str) -> None:
    shutil.copytree(STORIES / language, workshop.folder, dirs_exist_ok=True)


def typescript_story(workshop: Workshop, name: str) -> str:
    workshop.run("node_modules/.bin/tsc", "--project", ".", "--outDir", "built")
    return workshop.run("node", f"built/{name}.js")


def typescript(workshop: Workshop, name: str, *packages: str) -> None:
    """The scenario's files, of which only this one is compiled."""
    workshop.install_node(*packages, *TYPESCRIPT)
    for file in (f"{name}.ts", "story.ts", "orval.config.cjs"):
        shutil.copy(STORIES / "typescript" / file, workshop.folder)
    shutil.copy(STORIES / "typescript" / "tsconfig.json", workshop.folder)


async def test_openapi_typescript(workshop: Workshop, gateway: AsyncClient) -> None:
    """Types for openapi-fetch, with an option that makes fields with defaults optional."""
    typescript(workshop, "fetch", "openapi-typescript@7.13.0", "openapi-fetch@0.17.0")
    way = ("--default-non-nullable", "false", "--output", "generated/fetch.ts")
    workshop.run("node_modules/.bin/openapi-typescript", "openapi.json", *way)
    workshop.all_is_generated()
    await is_told(gateway, typescript_story(workshop, "fetch"))


async def test_hey_api(workshop: Workshop, gateway: AsyncClient) -> None:
    typescript(workshop, "hey", "@hey-api/openapi-ts@0.95.0")
    way = ("--output", "generated/hey", "--client", "@hey-api/client-fetch")
    workshop.run("node_modules/.bin/openapi-ts", "--input", "openapi.json", *way)
    workshop.all_is_generated()
    await is_told(gateway, typescript_story(workshop, "hey"))


async def test_orval(workshop: Workshop, gateway: AsyncClient) -> None:
    typescript(workshop, "orval", "orval@7.13.2")
    workshop.run("node_modules/.bin/orval", "--config", "./orval.config.cjs")
    workshop.all_is_generated()
    await is_told(gateway, typescript_story(workshop, "orval"))


async def test_openapi_python_client(workshop: Workshop, gateway: AsyncClient) -> None:
    python = workshop.install_python("openapi-python-client==0.29.1", "ruff==0.17.6")
    stories(workshop, "python")
    way = ("--path", "openapi.json", "--meta", "none", "--output-path", "generated/trivium_client")
    said = workshop.run("venv/bin/openapi-python-client", "generate", *way, PATH=str(workshop.folder / "venv" / "bin"))
    assert "Warning" not in said, said
    workshop.all_is_generated()
    python_types(workshop, python, "openapi_python.py")
    await is_told(gateway, workshop.run(python, "openapi_python.py", PYTHONPATH="generated"))


def python_types(workshop: Workshop, python: str, story: str) -> None:
    strictly = ("--strict", "--follow-imports", "silent", "--python-executable", python)
    workshop.run(sys.executable, "-m", "mypy", *strictly, story, MYPYPATH="generated")


async def test_openapi_generator_python(workshop: Workshop, gateway: AsyncClient) -> None:
    needs = ("urllib3==2.8.0", "python-dateutil==4.0.0", "pydantic==2.14.4", "typing-extensions==4.16.0")
    python = workshop.install_python(*needs)
    stories(workshop, "python")
    workshop.openapi_generator("-g", "python", "--package-name", "trivium_generated", "-o", "generated")
    workshop.all_is_generated()
    python_types(workshop, python, "openapi_generator.py")
    await is_told(gateway, workshop.run(python, "openapi_generator.py", PYTHONPATH="generated"))


async def test_openapi_generator_java(workshop: Workshop, gateway: AsyncClient) -> None:
    packages = ("--invoker-package", "trivium", "--api-package", "trivium.api", "--model-package", "trivium.model")
    library = ("--library", "native", "--additional-properties", "useJakartaEe=true")
    workshop.openapi_generator("-g", "java", *library, *packages, "-o", "generated")
    workshop.all_is_generated()
    stories(workshop, "java")
    copy = ("mvn", "-q", "-B", "-f", "generated/pom.xml", f"{DEPENDENCIES}:copy-dependencies")
    workshop.install("-DincludeScope=compile", f"-DoutputDirectory={workshop.folder / 'lib'}", by=copy)
    made = [str(path) for path in (workshop.folder / "generated" / "src" / "main").rglob("*.java")]
    workshop.run("javac", "-nowarn", "-cp", "lib/*", "-d", "built", *made, "Story.java")
    await is_told(gateway, workshop.run("java", "-cp", "lib/*:built", "Story"))


async def test_oapi_codegen(workshop: Workshop, gateway: AsyncClient) -> None:
    """And golang.org/x/oauth2 reads the reason why an invalid refresh token was refused."""
    stories(workshop, "go")
    generator = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"
    workshop.install_go(generator)
    (workshop.folder / "generated").mkdir()
    way = ("-generate", "types,client", "-package", "trivium", "-o", "generated/client.go")
    workshop.run("bin/oapi-codegen", *way, "openapi.json")
    workshop.all_is_generated()
    workshop.run("go", "mod", "tidy")
    workshop.run("go", "build", "-o", "built/story", ".")
    facts = await is_told(gateway, workshop.run("built/story"))
    assert facts["oauth"] == "invalid_grant"


@pytest.mark.usefixtures("gateway")
async def test_strict_oauth_clients_read_every_refusal(workshop: Workshop) -> None:
    """RFC 6749, section 5.2; RFC 6750, section 3; RFC 7009; RFC 8414; RFC 8693."""
    workshop.install_node("openid-client@6.8.9", "oauth4webapi@3.8.8")
    shutil.copy(STORIES / "typescript" / "oauth.mjs", workshop.folder)
    assert json.loads(workshop.run("node", "oauth.mjs")) == {
        "oauth4webapi": {
            "wrong_password": "invalid_grant",
            "dead_refresh_token": "invalid_grant",
            "unknown_scope": "invalid_scope",
            "unreadable": "invalid_request",
            "too_large": "invalid_request",
            "unknown_service": "basic trivium",
            "bad_access_token": {"realm": "trivium", "error": "invalid_token"},
        },
        "openid-client": {
            "exchanged": ["urn:ietf:params:oauth:token-type:access_token", "auth:read", 300, 200],
            "lacks": {"realm": "trivium", "error": "insufficient_scope", "scope": "users:read"},
            "broader_scope": "invalid_scope",
            "no_such_audience": "invalid_target",
            "no_such_key": "invalid_request",
            "dead_refresh_token": "invalid_grant",
            "unreadable": "invalid_request",
        },
    }
