"""Changes YAML files in place: whatever is already as wanted keeps its text, its comments and its order.

`ensure` adds and corrects, `prune` removes. Both leave everything that they are not asked about to its author.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from io import StringIO
from textwrap import dedent
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.mergevalue import MergeValue
from ruamel.yaml.scalarstring import LiteralScalarString
from ruamel.yaml.tokens import CommentToken

WORD: Final = re.compile(r"[a-z0-9]+")
Place = tuple[Any, Any]
"""A map or list, and a key or index in it."""


class Exactly(list[Any]):
    """A list that has no other elements."""


@dataclass(frozen=True)
class Text:
    """A map or list as text, such as a patch of Kustomize."""

    content: Any


@dataclass(frozen=True)
class Default:
    """An element that is only added: whoever has changed it has decided."""

    content: Any


def parse(text: str) -> list[Any]:
    """The documents of a YAML file."""
    return list(_yaml().load_all(text))


def render(documents: Sequence[Any]) -> str:
    out = StringIO()
    _yaml().dump_all(documents, out)
    return out.getvalue()


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def flow(**entries: Any) -> CommentedMap:
    """A map on one line."""
    made = CommentedMap(entries)
    made.fa.set_flow_style()
    return made


def listed(*items: Any) -> CommentedSeq:
    """A list on one line."""
    made = CommentedSeq(items)
    made.fa.set_flow_style()
    return made


def merging(base: CommentedMap, entries: Mapping[str, Any]) -> CommentedMap:
    """A map that begins with `<<: *base`."""
    made, merged = CommentedMap({key: plain(value) for key, value in entries.items()}), MergeValue()
    merged.append(base)
    merged.merge_pos = 0
    made.add_yaml_merge(merged)
    return made


def keys_of(node: Any) -> list[Any]:
    """The keys of a map without those that it gets by `<<`, or the indexes of a list."""
    if isinstance(node, CommentedMap):
        return [key for key, _ in node.non_merged_items()]
    return list(node) if isinstance(node, Mapping) else list(range(len(node)))


def ensure(node: Any, wanted: Mapping[str, Any] | Sequence[Any]) -> None:
    """Bring these entries into a map or list. A new one follows its predecessor in `wanted`.

    `identity` says which elements of lists are the same. A text `NAME=value` that is there keeps its value.
    """
    before: Any = None
    if isinstance(wanted, Mapping):
        for key in keys_of(wanted):
            if key in keys_of(node):
                correct(node, key, wanted[key])
            else:
                insert(node, key, plain(wanted[key]), after=before)
            before = key
        return
    for value in wanted:
        found = [index for index, there in enumerate(node) if identity(there) == identity(value)]
        if found:
            before = found[0]
            if not isinstance(value, str):
                correct(node, before, value)
        else:
            before = insert(node, None, plain(value), after=before)


def correct(node: Any, key: Any, wanted: Any) -> None:
    """Make the value of an entry as wanted."""
    if isinstance(wanted, Default):
        return
    if isinstance(wanted, Text):
        change_text(node, key, lambda document: ensure(document, wanted.content))
    elif isinstance(wanted, Exactly):
        if list(node[key]) != wanted:
            node[key][:] = wanted
    elif isinstance(wanted, Mapping | list):
        if node[key] is None:
            node[key] = plain(wanted)
        else:
            ensure(node[key], wanted)
    elif node[key] != wanted:
        node[key] = wanted


def identity(item: Any) -> Any:
    """How an element of a list is recognised: by its name, or that of its secret, target, backend or metadata."""
    if isinstance(item, Default):
        return identity(item.content)
    if not isinstance(item, Mapping):
        return item.partition("=")[0] if isinstance(item, str) else item
    if "backendRefs" in item:
        return identity(item["backendRefs"][0])
    for key in ("name", "path", "key"):
        if isinstance(item.get(key), str):
            return item[key]
    for value in item.values():
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, Mapping):
                return identity(one)
    return tuple(item.items())


def plain(value: Any) -> Any:
    """The value as nodes of a document."""
    if isinstance(value, Default):
        return plain(value.content)
    if isinstance(value, Text):
        return LiteralScalarString(inner([plain(value.content)]))
    if not isinstance(value, Mapping | list) or is_shared(value):
        return value
    made: Any
    if isinstance(value, Mapping):
        made = CommentedMap({key: plain(one) for key, one in value.items()})
    else:
        made = CommentedSeq([plain(one) for one in value])
    if isinstance(value, Exactly) or (isinstance(value, CommentedMap | CommentedSeq) and value.fa.flow_style()):
        made.fa.set_flow_style()
    return made


def is_shared(value: Any) -> bool:
    """Whether it has an anchor, or merges a map that has one."""
    return isinstance(value, CommentedMap | CommentedSeq) and bool(
        value.yaml_anchor() or (isinstance(value, CommentedMap) and value.merge)
    )


def insert(node: Any, key: Any, value: Any, *, after: Any) -> Any:
    """Insert an entry after another one, or at the end; comments that precede the next entry stay there."""
    keys = keys_of(node)
    after = after if after is not None else keys[-1] if keys else None
    position = keys.index(after) + 1 if keys else 0
    rest = take_rest(node, after) if keys else ""
    if isinstance(node, Mapping):
        node.insert(position, key, value)  # type: ignore[attr-defined]
        place: Any = key
    else:
        node.insert(position, value)
        place = position
    give_rest(node, place, rest)
    return place


def remove(node: Any, key: Any) -> None:
    """Remove an entry; comments that precede the next one stay there."""
    keys = keys_of(node)
    position = keys.index(key)
    rest = take_rest(node, key)
    if isinstance(node, CommentedMap):
        node._ref.clear()  # ruamel.yaml 0.19 fails to delete from a map that others merge
    del node[key]
    if position:
        give_rest(node, keys[position - 1], rest)


def end_of(node: Any, key: Any) -> Place:
    """Where the lines after an entry are noted: at its last value."""
    value = node[key]
    if isinstance(value, CommentedMap | CommentedSeq) and keys_of(value) and not value.fa.flow_style():
        return end_of(value, keys_of(value)[-1])
    return node, key


def take_rest(node: Any, key: Any) -> str:
    """Take away the lines after an entry: comments and blank lines before the next one."""
    (node, key), slot = (place := end_of(node, key)), slot_of(place[0])
    token = (node.ca.items.get(key) or [None] * 4)[slot]
    if token is None:
        return ""
    own, _, rest = token.value.partition("\n")
    token.value = f"{own}\n"
    if not own:
        node.ca.items.pop(key)
    return str(rest)


def give_rest(node: Any, key: Any, rest: str) -> None:
    """Put these lines after an entry."""
    if not rest:
        return
    (node, key), slot = (place := end_of(node, key)), slot_of(place[0])
    tokens = node.ca.items.setdefault(key, [None] * (4 if slot else 2))
    if tokens[slot] is None:
        tokens[slot] = CommentToken("\n", CommentMark(0), None)
    tokens[slot].value += rest


def slot_of(node: Any) -> int:
    """Where ruamel.yaml notes the lines after an entry of a map or list."""
    return 2 if isinstance(node, Mapping) else 0


def prune(node: Any, is_stale: Callable[[str], bool]) -> None:
    """Remove the entries whose key or identity belongs to a service that has gone."""
    if isinstance(node, MutableMapping):
        for key in keys_of(node):
            if is_stale(str(key)):
                remove(node, key)
            elif isinstance(node[key], LiteralScalarString):
                change_text(node, key, lambda document: prune(document, is_stale))
            else:
                prune(node[key], is_stale)
    elif isinstance(node, list):
        for index in reversed(range(len(node))):
            if is_stale(str(identity(node[index]))):
                remove(node, index)
            else:
                prune(node[index], is_stale)


def change_text(node: Any, key: Any, change: Callable[[Any], None]) -> None:
    """Change YAML in a text."""
    documents = parse(node[key])
    for document in documents:
        change(document)
    if (text := inner(documents)) != node[key].rstrip("\n"):
        node[key] = LiteralScalarString(text)


def inner(documents: Sequence[Any]) -> str:
    """Documents as a text in another one."""
    return dedent(render(documents)).rstrip("\n")


def words(text: str) -> set[str]:
    return set(WORD.findall(text.lower()))


def mentions(names: Sequence[str]) -> Callable[[str], bool]:
    """Whether a key or identity has one of these names as a word: `svc-billing`, `BILLING_URL`, `trivium-billing`."""
    return lambda text: bool(words(text) & set(names))
