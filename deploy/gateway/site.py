"""Collects the files that the gateway serves itself: `python -m deploy.gateway.site DIR`.

The web client at / is in page/, the API's page at /docs in docs/, with Swagger UI from fastapi-offline's wheel; the
document is docs/openapi.json of the repository. Nothing is loaded from other servers.
"""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from deploy.local.stack import ROOT

PAGE: Final = Path(__file__).parent / "page"
DOCS: Final = Path(__file__).parent / "docs"
DOCUMENT: Final = ROOT / "docs" / "openapi.json"
SWAGGER_UI: Final = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")


def build(folder: Path) -> None:
    """Write the files into `folder`, Caddy's DOCS_FOLDER. Caddy may serve files from there meanwhile."""
    spec = find_spec("fastapi_offline")  # not imported: that would load FastAPI
    if spec is None or spec.origin is None:
        raise FileNotFoundError("fastapi-offline is not installed: make bootstrap")
    assets = Path(spec.origin).parent / "static"
    static = folder / "docs" / "static"
    static.mkdir(parents=True, exist_ok=True)
    for name in SWAGGER_UI:
        shutil.copyfile(assets / name, static / name)
    for file in DOCS.iterdir():
        shutil.copyfile(file, folder / "docs" / file.name)
    shutil.copytree(PAGE, folder / "page", dirs_exist_ok=True)
    shutil.copyfile(DOCUMENT, folder / "openapi.json")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
