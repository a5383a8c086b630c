"""Joins the page's ES modules into a few files, since over a slow network each file costs a round trip.

Each module becomes a function that runs once, after those that it imports:
`const $ui_js = (() => { …; return { Tags }; })();`. The modules that app.js imports are one file, `base`. Those behind
an `import("./…")` are further files: one for each set of such calls that needs the same modules. app.js stands alone,
because it names all other files by their hashes.
"""

import hashlib
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ENTRY: Final = "app.js"

IMPORT: Final = re.compile(r'^import\s*(?:([\w$]+)|\*\s*as\s+([\w$]+)|\{([^}]*)\})\s*from\s*"([^"]+)";?', re.MULTILINE)
LATER: Final = re.compile(r'\bimport\("([^"]+)"\)')
LISTED: Final = re.compile(r'(?:^|(?<=[;}]))export\s*\{([^}]*)\}(?:\s*from\s*"([^"]+)")?;?', re.MULTILINE)
DECLARED: Final = re.compile(r"^export\s+(?=(?:async\s+)?(?:function|const|class)\s+([\w$]+))", re.MULTILINE)
DEFAULT: Final = re.compile(r"(?:^|(?<=[;}]))export default ", re.MULTILINE)
LEFT: Final = re.compile(r"^(?:import|export)\b(?!\()", re.MULTILINE)
MARK: Final = re.compile(r" // only with \w+$", re.MULTILINE)  # deploy/generate/marks.py
# whole lines only: what looks like a comment inside of a line may be text
COMMENT: Final = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)


class BundleError(ValueError):
    """The page's modules cannot be joined."""


@dataclass(frozen=True)
class Module:
    """A module as a function, and the modules that it imports, at once or later."""

    name: str
    text: str
    needs: tuple[str, ...]
    later: tuple[str, ...]


@dataclass
class Bundle:
    """The files by their names with hashes; the entry, the file that it imports, and those of each later import."""

    entry: str = ""
    base: str = ""
    files: dict[str, str] = field(default_factory=dict)
    needed_by: dict[str, list[str]] = field(default_factory=dict)


def variable(module: str) -> str:
    return "$" + re.sub(r"\W", "_", module)


def hashed(name: str, content: bytes) -> str:
    """`style.css` -> `style-0a1b2c3d4e5f.css`."""
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}{dot}{suffix}"


class Reader:
    """Reads one module: notes its imports and exports, and replaces them by constants."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.needs: dict[str, None] = {}
        self.exports: dict[str, str] = {}

    def find(self, target: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.name), target))

    def need(self, target: str) -> str:
        self.needs[self.find(target)] = None
        return variable(self.find(target))

    def take(self, match: re.Match[str]) -> str:
        default, everything, names, target = match.groups()
        source = self.need(target)
        if names is None:
            return f"const {default or everything} = {source}{'.default' if default else ''};"
        return f"const {{ {', '.join(pair.replace(' as ', ': ') for pair in listed(names))} }} = {source};"

    def give(self, match: re.Match[str]) -> str:
        source = f"{self.need(match[2])}." if match[2] else ""
        for pair in listed(match[1]):
            inner, _, outer = pair.partition(" as ")
            self.exports[outer or inner] = source + inner
        return ""

    def declare(self, match: re.Match[str]) -> str:
        self.exports[match[1]] = match[1]
        return ""

    def give_default(self, _: re.Match[str]) -> str:
        self.exports["default"] = "$default"
        return "const $default = "

    def read(self, text: str) -> Module:
        text = COMMENT.sub("", MARK.sub("", text))
        text = IMPORT.sub(self.take, text)
        text = LISTED.sub(self.give, text)
        text = DECLARED.sub(self.declare, text)
        text = DEFAULT.sub(self.give_default, text)
        later = tuple(self.find(target) for target in LATER.findall(text))
        text = LATER.sub(lambda match: f'import("{self.find(match[1])}")', text)
        if left := LEFT.search(text):
            raise BundleError(f"{self.name}: cannot read {text[left.start() :].splitlines()[0]!r}")
        returned = ", ".join(f"{outer}: {inner}" for outer, inner in self.exports.items())
        wrapped = f"const {variable(self.name)} = (() => {{\n{text.strip()}\nreturn {{ {returned} }};\n}})();\n"
        return Module(self.name, wrapped, tuple(self.needs), later)


def listed(names: str) -> list[str]:
    return [" ".join(name.split()) for name in names.split(",") if name.strip()]


def in_order(modules: Callable[[str], Module], start: Iterable[str]) -> list[str]:
    """The modules that `start` needs, and itself, each after those that it imports."""
    done: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise BundleError(f"modules import each other: {' -> '.join([*path[path.index(name) :], name])}")
        if name not in done:
            for need in modules(name).needs:
                visit(need, (*path, name))
            done[name] = None

    for name in start:
        visit(name, ())
    return list(done)


def bundle(folder: Path) -> Bundle:
    """Join what `app.js` in `folder` imports.

    Raises:
        BundleError: a file that is missing, an import that this cannot read, or a circle of imports.
    """
    known: dict[str, Module] = {}

    def module(name: str) -> Module:
        if name not in known:
            try:
                text = (folder / name).read_text(encoding="utf-8")
            except (OSError, UnicodeError) as error:
                raise BundleError(f"{name}: {error}") from error
            known[name] = Reader(name).read(text)
        return known[name]

    base = [name for name in in_order(module, [ENTRY]) if name != ENTRY]
    if not base:
        raise BundleError(f"{ENTRY}: imports nothing")
    roots = module(ENTRY).later
    reaches: dict[str, set[str]] = defaultdict(set)
    for root in roots:
        for name in in_order(module, [root]):
            reaches[name].add(root)
    if late := [name for name, one in known.items() if one.later and name != ENTRY]:
        raise BundleError(f"only {ENTRY} imports modules later, not {late[0]}")
    lists = {"base": base}
    for name in in_order(module, roots):
        if name not in base:
            lists.setdefault("+".join(sorted(Path(root).stem for root in reaches[name])), []).append(name)
    return written(lists, module, roots)


def written(lists: Mapping[str, list[str]], module: Callable[[str], Module], roots: Iterable[str]) -> Bundle:
    """The files. Those that more imports share come first, because others name them by their hashes."""
    result = Bundle()
    place: dict[str, str] = {}
    for title in sorted(lists, key=lambda title: (title != "base", -title.count("+"), title)):
        content = joined([module(name) for name in lists[title]], place)
        file = hashed(f"{title}.js".replace("+", "-"), content.encode())
        result.files[file] = content
        place |= dict.fromkeys(lists[title], file)
    result.base = place[module(ENTRY).needs[0]]
    entry = joined([module(ENTRY)], place)
    for root in roots:
        needed = dict.fromkeys(place[name] for name in in_order(module, [root]) if place[name] != place[root])
        needed.pop(result.base, None)
        result.needed_by[root] = [*needed, place[root]]
        files = ", ".join(f'import("./{file}")' for file in result.needed_by[root])
        all_of = f"Promise.all([{files}]).then((loaded) => loaded.at(-1).{variable(root)})"
        entry = entry.replace(f'import("{root}")', all_of)
    result.entry = hashed(ENTRY, entry.encode())
    result.files[result.entry] = entry
    return result


def joined(modules: list[Module], place: Mapping[str, str]) -> str:
    own = {module.name for module in modules}
    taken: dict[str, dict[str, None]] = defaultdict(dict)
    for module in modules:
        for need in module.needs:
            if need not in own:
                taken[place[need]][variable(need)] = None
    imports = [f'import {{ {", ".join(names)} }} from "./{file}";\n' for file, names in taken.items()]
    exports = f"export {{ {', '.join(variable(module.name) for module in modules)} }};\n"
    return "".join([*imports, *(module.text for module in modules), exports])
