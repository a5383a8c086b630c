"""Collects the files that the gateway serves itself: `python -m deploy.gateway.site DIR`.

The web client at / is in page/, the API's page at /docs in docs/, with Swagger UI from fastapi-offline's wheel; the
document is docs/openapi.json of the repository. Nothing is loaded from other servers.

The files of the web client have a hash of their content in their names, so that browsers keep them for a year. Only
index.html, which names them, is asked for each time.
"""

import gzip
import os
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from deploy.gateway.bundle import BundleError, bundle, hashed
from deploy.local.stack import ROOT

PAGE: Final = Path(__file__).parent / "page"
DOCS: Final = Path(__file__).parent / "docs"
DOCUMENT: Final = ROOT / "docs" / "openapi.json"
READING: Final = "rooms/reading.js"
TITLE: Final = re.compile(r'<title>.*</title>\n<meta name="description" [^\n]*\n')
ROUTE: Final = re.compile(r'^  \["(/[^"]*)", ', re.MULTILINE)
STYLESHEET: Final = re.compile(r'<link rel="stylesheet" href="/page/([^"]+)">\n')
SWAGGER_UI: Final = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")


def routes() -> list[str]:
    """The routes of the web client, as `/people/:id#`: a part is a name, or digits only."""
    return ROUTE.findall((PAGE / "app.js").read_text(encoding="utf-8"))


def build(folder: Path) -> None:
    """Write the files into `folder`, Caddy's DOCS_FOLDER. Caddy may serve files from there meanwhile.

    Raises:
        OSError, BundleError: a file is missing, or cannot be used. The web client there stays as it was.
    """
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
    build_page(folder / "page")
    shutil.copyfile(DOCUMENT, folder / "openapi.json")


def build_page(folder: Path) -> None:
    """Write the web client: index.html last, since it names the others; then files of earlier builds are deleted."""
    (folder / "vendor").mkdir(parents=True, exist_ok=True)
    files = {name: (PAGE / name).read_bytes() for name in ("vendor/LICENSES.txt", "favicon.ico")}

    def add(name: str, content: bytes) -> str:
        address = hashed(name, content)
        files[address] = content
        files[f"{address}.gz"] = gzip.compress(content, mtime=0)
        return f"/page/{address}"

    index = (PAGE / "index.html").read_text(encoding="utf-8")
    icon = add("icon.svg", (PAGE / "icon.svg").read_bytes())
    styles = "".join((PAGE / name).read_text(encoding="utf-8") for name in STYLESHEET.findall(index))
    style = add("style.css", styles.replace("icon.svg", icon).encode())
    start = add("start.js", (PAGE / "start.js").read_bytes())
    scripts = bundle(PAGE)
    for name, text in scripts.files.items():
        files |= {name: text.encode(), f"{name}.gz": gzip.compress(text.encode(), mtime=0)}
    index = STYLESHEET.sub("", index.replace("/page/icon.svg", icon).replace("/page/start.js", start))
    head = [f'<link rel="stylesheet" href="{style}">', f'<link rel="modulepreload" href="/page/{scripts.base}">']
    script = '<script type="module" src="/page/app.js"></script>'
    index = index.replace(script, "\n".join([*head, script.replace("app.js", scripts.entry)]))

    if READING not in scripts.needed_by:
        raise BundleError(f"app.js: does not import {READING}")
    if not TITLE.search(index):
        raise BundleError("index.html: has no title with a description")
    # Low: beside the stylesheet they would delay the first paint. app.js asks for them later.
    preload = '<link rel="modulepreload" fetchpriority="low" href="/page/{}">\n'.format
    preloads = "".join(map(preload, scripts.needed_by[READING]))
    before, after = TITLE.split(index.replace("</head>", f"{preloads}</head>"))
    documents = {"index.html": index}
    for source in heads(PAGE / "heads"):
        text = template(source)
        documents[source.name] = before + text + after if source.suffix == ".html" else text
    for name, content in files.items():
        (folder / name).write_bytes(content)
    for name, text in documents.items():
        (folder / "new").write_text(text, encoding="utf-8")
        os.replace(folder / "new", folder / name)
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in {*files, *documents}:
            path.unlink()


def heads(folder: Path) -> list[Path]:
    """The templates in a folder, without files of editors and file managers, such as `.DS_Store`."""
    return [path for path in folder.iterdir() if path.suffix in {".html", ".xml"} and not path.name.startswith(".")]


def template(source: Path) -> str:
    """A file of page/heads: the gateway puts answers of the API into it.

    Caddy runs what a template includes as a template too, and people's texts may have `{{`. Therefore the delimiters
    are `<` and `>` with a tab inside: a tab in a string of JSON is escaped, and our services write none elsewhere.
    """
    text = source.read_text(encoding="utf-8")
    return text.replace("{{", "<\t").replace("}}", "\t>")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
