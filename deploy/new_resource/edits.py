"""Changes of Python modules on their syntax trees, so that comments and everything else stay.

Each function takes and returns a tree. A repetition changes nothing. ruff makes the format right afterwards.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeVar

import libcst as cst
from libcst import matchers as m
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor, ImportItem

Item = TypeVar("Item", cst.BaseElement, cst.BaseDictElement)
Bracket = TypeVar("Bracket", cst.RightSquareBracket, cst.RightCurlyBrace)
Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


class NoAnchor(Exception):
    """The place of a change is not there, or does not look as expected."""


def add_imports(tree: cst.Module, modules: Mapping[str, Sequence[str]]) -> cst.Module:
    """Import names from modules."""
    items = [ImportItem(module, name) for module, names in modules.items() for name in names]
    return AddImportsVisitor(CodemodContext(), items).transform_module(tree)


def names_of(statement: cst.CSTNode) -> Iterator[str]:
    """The names that a statement binds: of a class, a function, an assignment or imports."""
    if isinstance(statement, cst.ClassDef | cst.FunctionDef):
        yield statement.name.value
    elif isinstance(statement, cst.SimpleStatementLine):
        for small in statement.body:
            if isinstance(small, cst.AnnAssign) and isinstance(small.target, cst.Name):
                yield small.target.value
            elif isinstance(small, cst.Assign):
                yield from (one.target.value for one in small.targets if isinstance(one.target, cst.Name))
            elif isinstance(small, cst.Import | cst.ImportFrom) and not isinstance(small.names, cst.ImportStar):
                yield from (one.evaluated_alias or one.evaluated_name.partition(".")[0] for one in small.names)


def bound(tree: cst.Module) -> list[str]:
    """All names that a module binds at its top."""
    return [name for statement in tree.body for name in names_of(statement)]


def statements(tree: cst.Module, text: str) -> list[Statement]:
    return list(cst.parse_module(text, tree.config_for_parsing).body)


def add_statements(
    tree: cst.Module, text: str, before: Callable[[cst.CSTNode], bool] | None = None, *, or_last: bool = False
) -> cst.Module:
    """Add statements to a module: before the first that the function accepts, or at the end.

    Raises:
        NoAnchor: there is none, and it must not be the end instead.
    """
    new, body = statements(tree, text), list(tree.body)
    if set(names_of(new[0])) <= set(bound(tree)):
        return tree
    place = len(body)
    if before is not None:
        found = [number for number, statement in enumerate(body) if before(statement)]
        if not found and not or_last:
            raise NoAnchor
        place = min(found, default=place)
    if isinstance(new[0], cst.BaseCompoundStatement):
        new[0] = new[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)] * 2)
    return tree.with_changes(body=[*body[:place], *new, *body[place:]])


def binds(*names: str) -> Callable[[cst.CSTNode], bool]:
    return lambda statement: not set(names).isdisjoint(names_of(statement))


def is_alias(statement: cst.CSTNode) -> bool:
    """Whether it is `Name = Annotated[…]`."""
    return m.matches(statement, m.SimpleStatementLine(body=[m.Assign(value=m.Subscript(value=m.Name("Annotated")))]))


def add_member(tree: cst.Module, class_name: str, member: str, before: Collection[str]) -> cst.Module:
    """Add an annotation to a class: before the first member of these names, or at the end."""
    block, new = body_of(tree, class_name), statements(tree, member)
    names = [name for statement in block.body for name in names_of(statement)]
    if set(names_of(new[0])) <= set(names):
        return tree
    found = [number for number, statement in enumerate(block.body) if binds(*before)(statement)]
    place = min(found, default=len(block.body))
    return replaced(tree, block, block.with_changes(body=[*block.body[:place], *new, *block.body[place:]]))


def add_to_function(
    tree: cst.Module, function: str, text: str, before: Callable[[cst.CSTNode], bool] | None = None
) -> cst.Module:
    """Add statements to a function: before the first that the second function accepts, or at its beginning."""
    block, new = body_of(tree, function), statements(tree, text)
    if any(one.deep_equals(new[0]) for one in block.body):
        return tree
    found = [number for number, statement in enumerate(block.body) if before is None or before(statement)]
    if not found:
        raise NoAnchor
    body = [*block.body[: found[0]], *new, *block.body[found[0] :]]
    return replaced(tree, block, block.with_changes(body=body))


def is_return(statement: cst.CSTNode) -> bool:
    return m.matches(statement, m.SimpleStatementLine(body=[m.Return()]))


def body_of(tree: cst.Module, name: str) -> cst.IndentedBlock:
    """The body of the class or function of a name, at any depth."""
    found = m.findall(tree, m.ClassDef(name=m.Name(name)) | m.FunctionDef(name=m.Name(name)))
    if len(found) != 1:
        raise NoAnchor
    (definition,) = found
    if not isinstance(definition, cst.ClassDef | cst.FunctionDef) or not isinstance(definition.body, cst.IndentedBlock):
        raise NoAnchor
    return definition.body


def locals_of(tree: cst.Module, function: str) -> set[str]:
    """The parameters of a function, and the names that it assigns."""
    functions = m.findall(tree, m.FunctionDef(name=m.Name(function)))
    places = [place for one in functions for place in m.findall(one, m.Param() | m.AssignTarget())]
    targets = [
        place.name if isinstance(place, cst.Param) else cst.ensure_type(place, cst.AssignTarget).target
        for place in places
    ]
    return {cst.ensure_type(name, cst.Name).value for target in targets for name in m.findall(target, m.Name())}


def require_names(tree: cst.Module, function: str, *names: str) -> None:
    """Raises NoAnchor: a function lacks a name that a change of it uses."""
    if not set(names) <= locals_of(tree, function):
        raise NoAnchor


def function_assigning(tree: cst.Module, name: str) -> str:
    """The function that assigns a name."""
    own = m.Assign(targets=[m.AssignTarget(target=m.Name(name))]) | m.AnnAssign(target=m.Name(name))
    for node in m.findall(tree, m.FunctionDef()):
        if isinstance(node, cst.FunctionDef) and m.findall(node, own):
            return node.name.value
    raise NoAnchor


def assigned(tree: cst.CSTNode, name: str) -> cst.BaseExpression:
    """The value that is assigned to a name, at any depth."""
    target = m.Name(name)
    found = m.findall(tree, m.AnnAssign(target=target) | m.Assign(targets=[m.AssignTarget(target=target)]))
    if len(found) != 1:
        raise NoAnchor
    (statement,) = found
    if not isinstance(statement, cst.AnnAssign | cst.Assign) or statement.value is None:
        raise NoAnchor
    return statement.value


def call_of(tree: cst.CSTNode, function: str) -> cst.Call:
    """The call of a function."""
    found = m.findall(tree, m.Call(func=m.Name(function)))
    if len(found) != 1 or not isinstance(found[0], cst.Call):
        raise NoAnchor
    return found[0]


def argument(call: cst.Call, keyword: str) -> cst.BaseExpression:
    found = [arg.value for arg in call.args if arg.keyword and arg.keyword.value == keyword]
    if not found:
        raise NoAnchor
    return found[0]


def text_of(node: cst.CSTNode) -> str | None:
    """The value of a string literal."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def add_argument(tree: cst.Module, call: cst.Call, text: str, before: Collection[str] = ()) -> cst.Module:
    """Add a keyword argument to a call: before the first of these names, or as the last."""
    new = parsed(f"f({text})", cst.Call).args[0]
    keywords = [arg.keyword.value if arg.keyword else "" for arg in call.args]
    if new.keyword and new.keyword.value in keywords:
        return tree
    args, comma = list(call.args), cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    found = [number for number, keyword in enumerate(keywords) if keyword in before]
    if found:
        args.insert(found[0], new.with_changes(comma=comma))
    else:
        args = [*args[:-1], *(arg.with_changes(comma=comma) for arg in args[-1:]), new]
    return replaced(tree, call, call.with_changes(args=args))


def add_element(tree: cst.Module, node: cst.BaseExpression, text: str, place: int | None = None) -> cst.Module:
    """Add an element to a list or set, or `key: value` to a dict: the last or at a place. To a tuple: the first."""
    if isinstance(node, cst.Tuple):
        first = parsed(f"({text},)", cst.Tuple).elements[0]
        if any(element.value.deep_equals(first.value) for element in node.elements):
            return tree
        first = first.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
        return replaced(tree, node, node.with_changes(elements=[first, *node.elements]))
    if isinstance(node, cst.Set):
        member = parsed(f"[{text}]", cst.List).elements[0]
        if any(element.value.deep_equals(member.value) for element in node.elements):
            return tree
        members, end = inserted(node.elements, member, place, node.rbrace)
        return replaced(tree, node, node.with_changes(elements=members, rbrace=end))
    if isinstance(node, cst.List):
        new = parsed(f"[{text}]", cst.List).elements[0]
        if any(element.value.deep_equals(new.value) for element in node.elements):
            return tree
        elements, bracket = inserted(node.elements, new, place, node.rbracket)
        return replaced(tree, node, node.with_changes(elements=elements, rbracket=bracket))
    if isinstance(node, cst.Dict):
        pair = parsed(f"{{{text}}}", cst.Dict).elements[0]
        keys = [text_of(element.key) for element in node.elements if isinstance(element, cst.DictElement)]
        if isinstance(pair, cst.DictElement) and text_of(pair.key) in keys:
            return tree
        pairs, brace = inserted(node.elements, pair, place, node.rbrace)
        return replaced(tree, node, node.with_changes(elements=pairs, rbrace=brace))
    raise NoAnchor


def inserted(items: Sequence[Item], new: Item, place: int | None, end: Bracket) -> tuple[list[Item], Bracket]:
    """The items with a new one, and the bracket behind them. Comments stay with the items before them."""
    made: list[Item] = list(items)
    if place is not None and place < len(made):
        made.insert(place, new.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))))
        return made, end
    if not made:
        return [new], end
    is_open = isinstance(made[-1].comma, cst.Comma)  # then ruff keeps a line for each item
    made[-1] = made[-1].with_changes(comma=cst.Comma(whitespace_after=end.whitespace_before))
    made.append(new.with_changes(comma=cst.Comma()) if is_open else new)
    return made, end.with_changes(whitespace_before=cst.SimpleWhitespace(""))


Parsed = TypeVar("Parsed", bound=cst.BaseExpression)


def parsed(text: str, kind: type[Parsed]) -> Parsed:
    node = cst.parse_expression(text)
    if not isinstance(node, kind):
        raise TypeError(f"no {kind.__name__}: {text}")
    return node


def replaced(tree: cst.Module, old: cst.CSTNode, new: cst.CSTNode) -> cst.Module:
    changed = tree.deep_replace(old, new)
    if not isinstance(changed, cst.Module):
        raise TypeError("a module stays one")
    return changed


def edit_string(tree: cst.Module, node: cst.BaseExpression, edit: Callable[[str], str]) -> cst.Module:
    """Change a string literal: the function gets its text without the quotes, as it is written."""
    if not isinstance(node, cst.SimpleString):
        raise NoAnchor
    start, end = len(node.prefix) + len(node.quote), len(node.quote)
    new = node.value[:start] + edit(node.value[start:-end]) + node.value[-end:]
    return tree if new == node.value else replaced(tree, node, node.with_changes(value=new))
