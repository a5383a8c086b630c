"""Finds changes of the API that break clients: `python -m deploy.release.breaking`, part of `make check`.

It compares docs/openapi.json with docs/openapi-released.json, the document of the last release. Each breaking change
must be described in a file changes/NAME.breaking.md that names its subject: an operation or a schema. `make changelog`
makes the current document the released one (`--release`), and `make remove-service` describes what went (`--removed`).
"""

import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any, Final

from common.http.docs import SCHEMAS, declared_codes
from deploy.gateway.openapi import SNAPSHOT
from deploy.local.stack import ROOT

RELEASED: Final = SNAPSHOT.with_name("openapi-released.json")
ANYTHING: Final = "anything"
UPPER: Final = {"maxLength": inf, "maximum": inf, "maxItems": inf}
LOWER: Final = {"minLength": 0, "minimum": -inf, "minItems": 0}
"""Limits, and their values where a schema has none."""
ADVICE: Final = """These changes of the API since {} break clients. Undo them, or describe each in a file
changes/+NAME.breaking.md that names its subject in backticks, as here:"""
Node = dict[str, Any]


@dataclass(frozen=True, order=True)
class Break:
    """A change after which a client that worked may fail."""

    subject: str
    """An operation, such as `GET /posts`, or a schema, such as `PostResponse`."""
    change: str

    def __str__(self) -> str:
        return f"`{self.subject}`: {self.change}"


def breaks(old: Node, new: Node) -> list[Break]:
    """The breaking changes between two OpenAPI documents."""
    return sorted(set(Comparison(old, new).operations()))


@dataclass
class Comparison:
    """Compares two documents. Requests must accept everything as before; answers must give nothing else than before."""

    old: Node
    new: Node
    seen: set[tuple[str, str, bool]] = field(default_factory=set)

    def operations(self) -> Iterator[Break]:
        for path, methods in self.old["paths"].items():
            for method, old in methods.items():
                new = self.new["paths"].get(path, {}).get(method)
                subject = f"{method.upper()} {path}"
                if new is None:
                    yield Break(subject, "was removed")
                else:
                    yield from self.operation(subject, old, new)

    def operation(self, subject: str, old: Node, new: Node) -> Iterator[Break]:
        if old["operationId"] != new["operationId"]:
            yield Break(subject, f"was renamed from {old['operationId']} to {new['operationId']}")
        if {} in old.get("security", [{}]) and {} not in new.get("security", [{}]):
            yield Break(subject, "now asks for sign-in")
        yield from self.parameters(subject, old, new)
        yield from self.body(subject, old.get("requestBody", {}), new.get("requestBody", {}))
        yield from self.responses(subject, old["responses"], new["responses"])

    def parameters(self, subject: str, old: Node, new: Node) -> Iterator[Break]:
        olds, news = by_name(old), by_name(new)
        for name in olds.keys() - news.keys():
            yield Break(subject, f"lost the parameter `{name}`")
        for name, one in news.items():
            if one.get("required") and not olds.get(name, {}).get("required"):
                yield Break(subject, f"now needs the parameter `{name}`")
            if name in olds:
                yield from self.schema(subject, name, olds[name]["schema"], one["schema"], sent=True)

    def body(self, subject: str, old: Node, new: Node) -> Iterator[Break]:
        if new.get("required") and not old.get("required"):
            yield Break(subject, "now needs a body")
        yield from self.contents(subject, "body", old, new, sent=True)

    def responses(self, subject: str, old: Node, new: Node) -> Iterator[Break]:
        for status in old:
            before, after = deref(self.old, old[status]), deref(self.new, new.get(status, {}))
            for code in declared_codes(before):
                if code not in declared_codes(after):
                    yield Break(subject, f"no longer has the problem `{code}` ({status})")
            if status.startswith("2") and status not in new:
                yield Break(subject, f"no longer answers {status}")
            elif status in new:
                for header in before.get("headers", {}).keys() - after.get("headers", {}).keys():
                    yield Break(subject, f"lost the header `{header}` ({status})")
                yield from self.contents(subject, f"answer {status}", before, after, sent=False)

    def contents(self, subject: str, place: str, old: Node, new: Node, *, sent: bool) -> Iterator[Break]:
        """Bodies by media type."""
        after = new.get("content", {})
        for media, content in old.get("content", {}).items():
            if media not in after:
                yield Break(subject, f"{place}: lost {media}")
            elif "schema" in content:
                yield from self.schema(subject, place, content["schema"], after[media].get("schema", {}), sent=sent)

    def schema(self, subject: str, place: str, old: Node, new: Node, *, sent: bool) -> Iterator[Break]:
        """`sent`: by clients."""
        befores, afters = kinds(self.old, old), kinds(self.new, new)
        label = f"`{place}` " if place else ""
        if sent and ANYTHING not in afters:
            for kind in befores.keys() - afters.keys():
                yield Break(subject, f"{label}no longer accepts {kind}")
        if not sent and ANYTHING not in befores:
            for kind in afters.keys() - befores.keys():
                yield Break(subject, f"{label}may now be {kind}")
        for kind in befores.keys() & afters.keys():
            yield from self.same_kind(subject, place, befores[kind], afters[kind], sent=sent)

    def same_kind(self, subject: str, place: str, old: Node, new: Node, *, sent: bool) -> Iterator[Break]:
        """Two schemas of the same type. A named one is its own subject, and compared once in each direction."""
        if "$ref" in old:
            subject, place, now = old["$ref"].removeprefix(SCHEMAS), "", new.get("$ref", "").removeprefix(SCHEMAS)
            if (subject, now, sent) in self.seen:
                return
            self.seen.add((subject, now, sent))
            if subject != now:
                yield Break(subject, f"is now {now or 'a schema without a name'}")
        old, new = deref(self.old, old), deref(self.new, new)
        label = f"`{place}` " if place else ""
        changes = [*enums(old, new, sent=sent), *formats(old, new, sent=sent), *(limits(old, new) if sent else ())]
        yield from (Break(subject, label + change) for change in changes)
        yield from self.fields(subject, f"{place}." if place else "", old, new, sent=sent)
        for key in ("items", "additionalProperties"):
            if isinstance(old.get(key), dict):
                after = new.get(key)
                yield from self.schema(subject, place, old[key], after if isinstance(after, dict) else {}, sent=sent)

    def fields(self, subject: str, prefix: str, old: Node, new: Node, *, sent: bool) -> Iterator[Break]:
        """The fields of two objects."""
        befores, afters = old.get("properties", {}), new.get("properties", {})
        for name in befores.keys() - afters.keys():
            yield Break(subject, f"`{prefix}{name}` was removed")
        for name in befores.keys() & afters.keys():
            yield from self.schema(subject, prefix + name, befores[name], afters[name], sent=sent)
        needed, always = set(new.get("required", ())), set(old.get("required", ()))
        if sent:
            yield from (Break(subject, f"`{prefix}{name}` must now be sent") for name in needed - always)
        else:
            optional = (always - needed) & afters.keys()
            yield from (Break(subject, f"`{prefix}{name}` may now be missing") for name in optional)


def enums(old: Node, new: Node, *, sent: bool) -> Iterator[str]:
    before, after = allowed(old), allowed(new)
    if sent and after is not None:
        lost = "other values" if before is None else words(set(before) - set(after))
        yield from [f"no longer accepts {lost}"] if lost else []
    if not sent and before is not None:
        more = "other values" if after is None else words(set(after) - set(before))
        yield from [f"may now be {more}"] if more else []


def formats(old: Node, new: Node, *, sent: bool) -> Iterator[str]:
    """A request may lose its format, which then accepts more. An answer may get one."""
    before, after = old.get("format"), new.get("format")
    if before != after and (after if sent else before):
        yield f"has the format {after or 'none'}, not {before or 'none'}"


def limits(old: Node, new: Node) -> Iterator[str]:
    """Of requests only: an answer within other limits has the same type."""
    for name, none in UPPER.items():
        if new.get(name, none) < old.get(name, none):
            yield f"has a lower {name}: {new[name]:g}"
    for name, none in LOWER.items():
        if new.get(name, none) > old.get(name, none):
            yield f"has a higher {name}: {new[name]:g}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"has another pattern: {new['pattern']}"
    if old.get("default") != new.get("default"):
        yield f"has another default: {new.get('default')}"
    if old.get("additionalProperties", True) and new.get("additionalProperties") is False:
        yield "no longer accepts unknown fields"


def by_name(operation: Node) -> Mapping[str, Node]:
    return {parameter["name"]: parameter for parameter in operation.get("parameters", ())}


def kinds(document: Node, schema: Node) -> Mapping[str, Node]:
    """The alternatives of a schema, by their types, or by the values that tell them apart.

    Raises:
        ValueError: it has alternatives of another kind, which no rule compares.
    """
    found = deref(document, schema)
    if "discriminator" in found:
        return {f"the case {value}": {"$ref": name} for value, name in found["discriminator"]["mapping"].items()}
    if found.keys() & {"allOf", "oneOf", "not"}:
        raise ValueError(f"deploy/release/breaking.py has no rule for {', '.join(found)}")
    if "anyOf" in found:
        return {kind: one for part in found["anyOf"] for kind, one in kinds(document, part).items()}
    return {found.get("type", ANYTHING): schema}


def deref(document: Node, node: Node) -> Node:
    if "$ref" not in node:
        return node
    _, kind, name = node["$ref"].removeprefix("#/").split("/")
    found: Node = document["components"][kind][name]
    return found


def allowed(schema: Node) -> list[Any] | None:
    """The possible values; None if there is no list of them."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def words(values: Iterable[object]) -> str:
    return ", ".join(sorted(map(json.dumps, values)))


def undescribed(found: Iterable[Break], changes: Path) -> list[Break]:
    """The breaking changes whose subject no file of the kind `breaking` names, in backticks."""
    texts = [path.read_text(encoding="utf-8") for path in changes.glob("*.breaking.md")]
    return [one for one in found if not any(f"`{one.subject}`" in text for text in texts)]


def check() -> str | None:
    """Returns the breaking changes that are not described."""
    old, new = (json.loads(path.read_text(encoding="utf-8")) for path in (RELEASED, SNAPSHOT))
    found = undescribed(breaks(old, new), ROOT / "changes")
    if not found:
        return None
    return "\n".join([ADVICE.format(old["info"]["version"]), *map(str, found)])


def describe(names: Sequence[str]) -> None:
    """Write the file of `changes/` that says what went with these services."""
    old, new = (json.loads(path.read_text(encoding="utf-8")) for path in (RELEASED, SNAPSHOT))
    if found := undescribed(breaks(old, new), ROOT / "changes"):
        subjects = ", ".join(dict.fromkeys(f"`{one.subject}`" for one in found))
        text = f"Without {' and '.join(names)}, these are removed or changed: {subjects}.\n"
        (ROOT / "changes" / f"+without-{'-'.join(names)}.breaking.md").write_text(text, encoding="utf-8")


def release() -> None:
    """Promise the current document to clients."""
    shutil.copyfile(SNAPSHOT, RELEASED)


if __name__ == "__main__":
    if "--release" in sys.argv:
        release()
    elif sys.argv[1:2] == ["--removed"]:
        describe(sys.argv[2:])
    else:
        sys.exit(check())
