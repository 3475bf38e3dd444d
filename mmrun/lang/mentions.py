"""What a tree as written consists of, and the names it mentions."""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.lang.nodes import Binary, Call, Conditional, Name, Node, Number, Unary


#: Names of a quote section that formulas can read.
QUOTE_FIELDS = ("fair", "half_spread", "reservation")


def children(node: Node) -> tuple[Node, ...]:
    """A node's operands, in the order they are written or evaluated."""
    match node:
        case Number() | Name():
            return ()
        case Unary():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Conditional():
            return (node.condition, node.then, node.otherwise)
        case Call():
            return (*node.arguments, *(value for _, value in node.keywords))


def names_in(node: Node) -> tuple[str, ...]:
    """Names a formula must come after, each once, in order of appearance.

    A quote field alone in `prev(...)` is left out: it is the legal back reference.
    """
    return _names(_mentions(node, back=False))


def all_names_in(node: Node) -> tuple[str, ...]:
    """Every name a formula mentions, each once, in order of appearance."""
    return _names(mentions(node))


def mentions(node: Node) -> Iterator[Name | Call]:
    """The names of a formula where they stand, and calls of a venue or reference."""
    return _mentions(node, back=True)


def _names(found: Iterator[Name | Call]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.name for each in found if isinstance(each, Name)))


def _mentions(node: Node, *, back: bool) -> Iterator[Name | Call]:
    if isinstance(node, Name) or (isinstance(node, Call) and "." in node.name):
        yield node
    match node:
        case Call("prev", (Name(name),)) if name in QUOTE_FIELDS and not back:
            return
        case Call("sample", (x, Name())):
            yield from _mentions(x, back=back)
        case Call(name) if name.rpartition(".")[2] in {"age", "depth"}:
            return
        case _:
            for child in children(node):
                yield from _mentions(child, back=back)
