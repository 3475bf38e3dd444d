"""Formula text to a tree of `nodes.Node`: a Pratt parser with bounds.

Precedence, low to high: `x if c else y`, `or`, `and`, `not`, comparison, `+ -`,
`* / %`, unary `-`, `**` (from the right), call. What follows a prefix is taken while
it binds tighter than `minimum`, the power of the operator before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mmrun.lang.mentions import children
from mmrun.lang.nodes import Binary, Call, Conditional, Name, Node, Number, Unary
from mmrun.lang.tokens import FormulaSyntaxError, Token, tokenize
from mmrun.problems import Problem, problem_at
from mmrun.strategy.spec import Formula


MAX_CHARACTERS = 2_000
MAX_DEPTH = 64
MAX_NODES = 500
MAX_TOGETHER = 150_000  #: characters of all formulas of a file

COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
#: How tightly a binary operator binds to its left.
POWERS = (
    {"if": 1, "or": 2, "and": 3}
    | dict.fromkeys(COMPARISONS, 5)
    | {"+": 6, "-": 6, "*": 7, "/": 7, "%": 7, "**": 9}
)
NOT_POWER = 4
MINUS_POWER = 8


def parse(formula: Formula) -> tuple[Node | None, tuple[Problem, ...]]:
    """Read a formula.

    Args:
        formula: Text with its place in a file.

    Returns:
        The tree and no problem, or None and the first syntax error (MM2xx).
    """
    try:
        return _parse(formula.text), ()
    except FormulaSyntaxError as error:
        problem = problem_at(
            formula.place,
            error.code,
            error.message,
            hints=error.hints,
            start=error.start,
            end=error.end,
        )
        return None, (problem,)


def parse_all(
    formulas: Mapping[str, Formula],
) -> tuple[dict[str, Node], list[Problem]]:
    """Read the formulas of a file, in order, as far as they are not too many.

    Args:
        formulas: by key.

    Returns:
        The trees of those that could be read, by key, and what is wrong (MM2xx).
    """
    trees: dict[str, Node] = {}
    problems: list[Problem] = []
    together = 0
    for key, formula in formulas.items():
        together += min(len(formula.text), MAX_CHARACTERS)
        if together > MAX_TOGETHER:
            problems.append(_too_many(formula))
            break
        tree, found = parse(formula)
        problems += found
        if tree is not None:
            trees[key] = tree
    return trees, problems


def _too_many(formula: Formula) -> Problem:
    message = f"the formulas of a file may have {MAX_TOGETHER:,} characters together"
    hint = "take out what nothing reads, or split the strategy"
    return problem_at(formula.place, "MM203", message, hints=(hint,))


def _parse(text: str) -> Node:
    if len(text) > MAX_CHARACTERS:
        found = f"{len(text):,} characters, at most {MAX_CHARACTERS:,} are allowed"
        raise _too_large(found, 0, len(text))
    parser = _Parser(text, tokenize(text))
    node = parser.expression(0, 0)
    parser.expect_end()
    _check_size(node)
    return node


def _check_size(root: Node) -> None:
    """Refuse trees over the bounds; without recursion, since chains lean left."""
    count, stack = 0, [(root, 1)]
    while stack:
        node, depth = stack.pop()
        count += 1
        if depth > MAX_DEPTH:
            raise _too_large(_TOO_DEEP, node.start, node.end)
        stack.extend((child, depth + 1) for child in children(node))
    if count > MAX_NODES:
        found = f"{count} numbers, names and operators, at most {MAX_NODES} are allowed"
        raise _too_large(found, root.start, root.end)


_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


def _too_large(found: str, start: int, end: int) -> FormulaSyntaxError:
    message = f"the formula is too large: {found}"
    return FormulaSyntaxError(
        "MM203", message, start, end, "name its parts under `let:`"
    )


class _Parser:
    """Tokens and a position in them."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._next = 0
        self._open = 0  #: parentheses not closed yet

    def expression(self, minimum: int, depth: int) -> Node:
        """What stands here, up to an operator that binds no tighter than `minimum`."""
        # An operand in parentheses is two calls deep: both bounds keep Python's stack.
        if self._open > MAX_DEPTH or depth > 2 * MAX_DEPTH:
            raise _too_large(_TOO_DEEP, self._token.start, self._token.end)
        left = self._prefix(minimum, depth)
        while True:
            operator = self._token
            power = POWERS.get(operator.text, 0)
            if power <= minimum:
                return left
            self._advance()
            left = self._infix(left, operator, power, depth)

    def expect_end(self) -> None:
        """Refuse whatever follows a whole formula."""
        token = self._token
        if token.kind == "end":
            return
        before = self._tokens[self._next - 1]
        hints = _after_operand(before, token)
        raise self._expected("an operator or the end", token, *hints)

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._token
        self._next += 1
        return token

    def _prefix(self, minimum: int, depth: int) -> Node:
        token = self._advance()
        if token.kind == "number" and token.quantity is not None:
            return Number(token.quantity, token.start, token.end)
        if token.kind == "name":
            return self._name(token, depth)
        if token.text == "(":
            return self._parenthesis(token, depth)
        if token.text == "-":
            operand = self.expression(MINUS_POWER, depth + 1)
            return Unary("-", operand, token.start, operand.end)
        if token.text == "not" and minimum < NOT_POWER:
            operand = self.expression(NOT_POWER - 1, depth + 1)
            return Unary("not", operand, token.start, operand.end)
        before = self._tokens[self._next - 2] if self._next > 1 else token
        raise self._expected("a value", token, *_instead_of_value(before, token))

    def _infix(self, left: Node, operator: Token, power: int, depth: int) -> Node:
        if operator.text == "if":
            return self._conditional(left, depth)
        # `**` binds from the right, and its exponent may be negative.
        minimum = MINUS_POWER - 1 if operator.text == "**" else power
        right = self.expression(minimum, depth + 1)
        if operator.text in COMPARISONS and self._token.text in COMPARISONS:
            raise self._chained(left, operator, right)
        return Binary(operator.text, left, right, left.start, right.end)

    def _conditional(self, then: Node, depth: int) -> Node:
        condition = self.expression(POWERS["if"], depth + 1)
        if self._token.text != "else":
            raise self._expected("else", self._token, "write x if condition else y")
        self._advance()
        otherwise = self.expression(0, depth + 1)
        return Conditional(condition, then, otherwise, then.start, otherwise.end)

    def _parenthesis(self, opened: Token, depth: int) -> Node:
        self._open += 1
        inner = self.expression(0, depth + 1)
        return replace(inner, start=opened.start, end=self._close(opened))

    def _name(self, token: Token, depth: int) -> Node:
        if self._token.text != "(":
            return Name(token.text, token.start, token.end)
        opened = self._advance()
        self._open += 1
        arguments: list[Node] = []
        keywords: list[tuple[str, Node]] = []
        while self._token.text != ")" or arguments or keywords:
            self._argument(arguments, keywords, depth + 1)
            if self._token.text != ",":
                break
            self._advance()
        end = self._close(opened)
        return Call(token.text, tuple(arguments), tuple(keywords), token.start, end)

    def _argument(
        self, arguments: list[Node], keywords: list[tuple[str, Node]], depth: int
    ) -> None:
        token = self._token
        if token.kind == "name" and self._tokens[self._next + 1].text == "=":
            self._next += 2
            keywords.append((token.text, self.expression(0, depth)))
        elif keywords:
            raise self._expected("name=value after a named argument", token)
        else:
            arguments.append(self.expression(0, depth))

    def _close(self, opened: Token) -> int:
        token = self._token
        if token.text != ")":
            place = f"')' for the '(' at character {opened.start + 1}"
            hints = _after_operand(self._tokens[self._next - 1], token)
            raise self._expected(place, token, *hints)
        self._open -= 1
        return self._advance().end

    def _expected(self, expected: str, found: Token, *hints: str) -> FormulaSyntaxError:
        what = "the formula ends" if found.kind == "end" else f"found '{found.text}'"
        return FormulaSyntaxError(
            "MM202", f"expected {expected}, {what}", found.start, found.end, *hints
        )

    def _chained(self, left: Node, operator: Token, right: Node) -> FormulaSyntaxError:
        second = self._token
        texts = [self._text[node.start : node.end] for node in (left, right)]
        third = self._tokens[self._next + 1].text or "..."
        return FormulaSyntaxError(
            "MM204",
            f"comparisons are not chained: '{operator.text}' then '{second.text}'",
            operator.start,
            second.end,
            f"write {texts[0]} {operator.text} {texts[1]} and "
            f"{texts[1]} {second.text} {third}",
        )


def _after_operand(before: Token, found: Token) -> tuple[str, ...]:
    """Remedies for what stands where an operator should."""
    if before.kind == "number" and found.kind == "name":
        return (f"a unit is glued to its number: {before.text}{found.text}",)
    if found.text == "=":
        return ("write == to compare",)
    if found.kind == "name":
        return ("write * to multiply", "names have no spaces: use _")
    if found.text == "(" or found.kind == "number":
        return ("write * to multiply",)
    return ()


def _instead_of_value(before: Token, token: Token) -> tuple[str, ...]:
    """Remedies for what stands where a value should."""
    if before.text == "%":
        return ("% is the remainder; for per cent glue pct to the number: 5pct",)
    if token.text == "not":
        return ("put the negation in parentheses",)
    if token.text == "+":
        return ("leave the + out",)
    if token.text == "if":
        return ("write x if condition else y",)
    return ()
