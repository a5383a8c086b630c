"""Finds broken references in pages, comments and docstrings: links, anchors, paths and modules."""

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from typing import Final

from deploy.docs.files import Repository
from deploy.services import SERVICES

LINK: Final = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
SCHEME: Final = re.compile(r"[a-z]+:")
FENCE: Final = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
HEADING: Final = re.compile(r"^#+ +(.+)$", re.MULTILINE)
DOCUMENT: Final = re.compile(r"(?<![\w/.*{}$\"'+-])[\w./-]*\w\.md\b")
CODE: Final = re.compile(r"`([^`\s]+)`")
PATH: Final = re.compile(r"[\w.-]+(?:/[\w.*-]+)+\.(?:css|html|js|json|md|mjs|py|sh|sql|toml|ts|txt|yaml|yml)(?:::\w+)?")
MODULE: Final = re.compile(rf"(?:common|deploy|tests|{'|'.join(SERVICES)})(?:\.[a-z_]\w*)+")
BASES: Final = (
    "",
    "docs",
    "deploy",
    "deploy/gateway",
    "deploy/kubernetes",
    "libs/common",
    "libs/common/src",
    "libs/common/src/common",
)
PLACEHOLDER: Final = re.compile("NAME|KIND")
ELSEWHERE: Final = ("http", "/", "~", ".local/", ".venv/")


def broken(repository: Repository) -> Iterator[str]:
    """A line for each broken reference."""
    for name, text in repository.pages():
        yield from broken_links(repository, name, FENCE.sub("", text))
    for name, text in repository.texts:
        for path in sorted({*paths_in(LINK.sub("", text) if name.endswith(".md") else text)}):
            if not exists(repository, name, path):
                yield f"{name}: there is no {path}"
        if name.endswith((".md", ".py")) and "/migrations/" not in name:  # these name tables
            for module in sorted({match for match in CODE.findall(text) if MODULE.fullmatch(match)}):
                if not importable(repository, module):
                    yield f"{name}: there is no module or name {module}"


def broken_links(repository: Repository, page: str, text: str) -> Iterator[str]:
    for target in (found[0] or found[1] for found in LINK.findall(text)):
        if SCHEME.match(target):
            continue
        path, _, anchor = target.partition("#")
        goal = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
        if not repository.has(goal):
            yield f"{page}: the link to {target} leads nowhere"
        elif page.startswith("docs/") and not goal.startswith("docs/"):
            yield f"{page}: {target} is not part of the site: name the path in backticks instead"
        elif anchor and anchor not in anchors((repository.root / goal).read_text(encoding="utf-8")):
            yield f"{page}: {target} has no such heading"


def anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of headings."""
    headings = (re.sub(r"[^\w\- ]", "", heading.strip().lower()) for heading in HEADING.findall(FENCE.sub("", text)))
    return {heading.replace(" ", "-") for heading in headings}


def paths_in(text: str) -> Iterator[str]:
    """Documents anywhere in the text, and other files in backticks."""
    yield from DOCUMENT.findall(text)
    for code in CODE.findall(text):
        if PATH.fullmatch(code):
            yield code.partition("::")[0]


def exists(repository: Repository, name: str, path: str) -> bool:
    """Relative to the root, to the file that names it, or to the source folders."""
    if path.startswith(ELSEWHERE) or PLACEHOLDER.search(path):
        return True
    bases = [*BASES, posixpath.dirname(name)]
    for pyproject in fnmatch_all(repository, "services/*/pyproject.toml"):
        service = posixpath.dirname(pyproject)
        bases += [service, f"{service}/src", f"{service}/src/{posixpath.basename(service)}"]
    places = [posixpath.normpath(posixpath.join(base, path)) for base in bases]
    return any(fnmatch_all(repository, place) if "*" in place else repository.has(place) for place in places)


def fnmatch_all(repository: Repository, pattern: str) -> list[str]:
    return fnmatch.filter(repository.files, pattern)


def importable(repository: Repository, dotted: str) -> bool:
    """A module, a package, or a name in one."""
    parts = dotted.split(".")
    sources = {"common": "libs/common/src/", "deploy": "", "tests": ""}.get(parts[0], f"services/{parts[0]}/src/")
    for end in range(len(parts), 0, -1):
        path = sources + "/".join(parts[:end])
        file = next((file for file in (f"{path}.py", f"{path}/__init__.py") if file in repository.files), None)
        if file or (repository.has(path) and end == len(parts)):
            names = parts[end:]
            text = (repository.root / file).read_text(encoding="utf-8") if file else ""
            return all(re.search(rf"\b{name}\b", text) for name in names)
    return False
