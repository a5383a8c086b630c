"""Builds the documentation as a site that works offline, from its folder or from any web server."""

import base64
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from deploy.docs.files import ROOT

SITE: Final = ROOT / ".local" / "docs"
"""The folder that zensical.toml names."""
KEPT: Final = ROOT / ".local" / "mermaid"
MERMAID: Final = "12.3.0"
INTEGRITY: Final = "sha512-4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmiNAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw=="
"""The version of npm's package that draws the diagrams in the reader's browser."""


def build() -> str | None:
    """Build the site; returns its problems."""
    zensical = Path(sys.executable).with_name("zensical")
    if subprocess.run([zensical, "build", "--strict", "--clean"], cwd=ROOT, check=False).returncode:
        return "the site was not built"
    bring_mermaid()
    return "\n".join(missing(SITE)) or None


def bring_mermaid() -> None:
    """Add mermaid, which draws the diagrams, to the site; without npm they stay text."""
    program = KEPT / f"mermaid-{MERMAID}.min.js"
    npm = shutil.which("npm")
    if not program.exists() and npm:
        KEPT.mkdir(parents=True, exist_ok=True)
        program.write_bytes(packed(npm))
    target = SITE / "assets" / "mermaid.min.js"
    if program.exists():
        shutil.copyfile(program, target)
        return
    sys.stdout.write("docs | no npm here: diagrams are shown as text\n")
    target.touch()
    for page in SITE.rglob("*.html"):
        page.write_text(
            page.read_text(encoding="utf-8").replace('class="mermaid"', 'class="diagram"'), encoding="utf-8"
        )


def packed(npm: str) -> bytes:
    """The script from npm's package.

    Raises:
        ValueError: the package is not the pinned one.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", f"mermaid@{MERMAID}", "--silent", "--pack-destination", folder]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        content = archive.read_bytes()
    digest = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if digest != INTEGRITY:
        raise ValueError(f"mermaid {MERMAID} from npm is {digest}, not {INTEGRITY}")
    with tarfile.open(fileobj=io.BytesIO(content)) as files:
        found = files.extractfile("package/dist/mermaid.min.js")
        if found is None:
            raise ValueError("the package has no dist/mermaid.min.js")
        return found.read()


class References(HTMLParser):
    """Collects a page's links, and the files that it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"href", "src"} and value:
                (self.links if tag == "a" else self.loaded).add(value)


def missing(site: Path) -> Iterator[str]:
    """Missing files that pages link to or load, and files that they load from other servers."""
    for page in sorted(site.rglob("*.html")):
        found = References()
        found.feed(page.read_text(encoding="utf-8"))
        for address in sorted(found.links | found.loaded):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                if address in found.loaded:
                    yield f"{page.relative_to(site)} loads {address}"
            elif parts.path and page.name != "404.html" and not (page.parent / unquote(parts.path)).exists():
                yield f"{page.relative_to(site)}: there is no {parts.path}"
