"""Trees become programs that mean what the definition means."""

from __future__ import annotations

import math
import struct

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from mmrun.engine.interpret import interpret
from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.nodes import Expr, Stage, Ticks, Type
from mmrun.plan.lower import lower
from mmrun.plan.passes import PASSES
from mmrun.plan.program import Program


BOOL = Type(kind="bool")
NAMES = ("bid", "ask", "bid_size", "ask_size")


def node(op: str, *args: Expr, kind: Type | None = None, **more: object) -> Expr:
    return Expr(op, args, type=kind or Type(), stage=Stage.DATA, **more)  # type: ignore[arg-type]


def constant(value: float, kind: Type | None = None) -> Expr:
    return Expr("const", value=value, type=kind or Type())


leaves = st.one_of(
    st.sampled_from(NAMES).map(lambda name: node("market", name=name)),
    st.sampled_from((0.0, -0.0, 1.0, 2.5, -3.0, 1e300)).map(constant),
)
exponents = st.sampled_from((2.0, 3.0, 8.0, 9.0, -1.0, -2.0, -9.0, 0.5, 1.5, 0.0))


def numbers(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Numbers over `inner`, conditions within them."""
    one = st.sampled_from(
        ("neg", "abs", "sqrt", "exp", "log", "tanh", "floor", "ceil", "round", "sign")
    )
    two = st.sampled_from(("add", "sub", "mul", "div", "mod", "min", "max", "coalesce"))
    three = st.sampled_from(("clip", "min", "max"))
    return st.one_of(
        st.builds(node, one, inner),
        st.builds(node, two, inner, inner),
        st.builds(node, three, inner, inner, inner),
        st.builds(lambda x, e: node("pow", x, constant(e)), inner, exponents),
        st.builds(node, st.just("if"), conditions(inner), inner, inner),
    )


def conditions(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Conditions over numbers."""
    compared = st.sampled_from(("lt", "le", "gt", "ge", "eq", "ne"))
    simple = st.one_of(
        st.builds(lambda op, a, b: node(op, a, b, kind=BOOL), compared, inner, inner),
        st.builds(lambda a: node("missing", a, kind=BOOL), inner),
    )
    joined = st.sampled_from(("and", "or"))
    return st.one_of(
        simple,
        st.builds(lambda op, a, b: node(op, a, b, kind=BOOL), joined, simple, simple),
        st.builds(lambda a: node("not", a, kind=BOOL), simple),
        st.builds(lambda a, b: node("coalesce", a, b, kind=BOOL), simple, simple),
        st.builds(
            lambda a, b, c: node("if", a, b, c, kind=BOOL), simple, simple, simple
        ),
    )


trees = st.recursive(leaves, numbers, max_leaves=12)
special = st.sampled_from((math.nan, 0.0, -0.0, 1.0, -1.0, 0.5, 2.5, math.inf, 1e308))
values = special | st.floats(-9.0, 9.0)
rows = st.lists(values, min_size=4, max_size=4)


def bits(value: float) -> bytes:
    return b"nan" if math.isnan(value) else struct.pack("d", value)


def meant(root: Expr, row: list[float]) -> float:
    """The definition's value."""
    market = dict(zip(NAMES, row, strict=True))
    return Evaluator({"x": root}).step(Row(ts_ns=0, ticks=Ticks.BOOK, market=market))[
        "x"
    ]


def program_of(root: Expr) -> Program:
    roots = {"x": root}
    for change in PASSES:
        roots = change(roots)
    return lower(
        [roots["x"]], lambda n: n.name if n.op == "market" else None, inputs=NAMES
    )


@settings(deadline=None, max_examples=300)
@given(trees | conditions(trees), st.lists(rows, min_size=1, max_size=4))
def test_programs_mean_what_the_definition_means(root, cases):
    """Any pointwise formula on any values, missing and infinite ones too, to the bit."""
    program = program_of(root)

    for row in cases:
        (found,) = interpret(program, row)
        assert bits(found) == bits(meant(root, row))


@settings(deadline=None)
@given(trees)
def test_registers_are_assigned_once_and_read_later(root):
    """Operands stand before what uses them, inputs first."""
    program = program_of(root)

    first = len(program.inputs)
    for index, instruction in enumerate(program.instructions):
        assert all(0 <= arg < first + index for arg in instruction.args)
    assert all(0 <= out < first + len(program.instructions) for out in program.outputs)


@pytest.mark.parametrize("a", [0.0, 1.0, math.nan])
@pytest.mark.parametrize("b", [0.0, 1.0, math.nan])
@pytest.mark.parametrize("op", ["and", "or"])
def test_three_valued_logic(op, a, b):
    """`missing and false` is false, `missing or true` true, else it is missing."""
    left, right = (
        node("eq", node("market", name=name), constant(1.0), kind=BOOL)
        for name in ("bid", "ask")
    )

    (found,) = interpret(program_of(node(op, left, right, kind=BOOL)), [a, b, 0.0, 0.0])

    decided = 0.0 if op == "and" else 1.0
    if decided in {a, b}:
        expected = decided
    else:
        expected = math.nan if math.isnan(a) or math.isnan(b) else 1.0 - decided
    assert bits(found) == bits(expected)


def test_equal_instructions_share_a_register(read):
    """The same sum twice is computed once."""
    total = node("add", node("market", name="bid"), node("market", name="ask"))
    again = node("add", node("market", name="bid"), node("market", name="ask"))

    program = lower([node("mul", total, again)], lambda n: n.name or None)

    assert [line.op for line in program.instructions] == ["add", "mul"]


def test_zero_and_minus_zero_are_two_constants():
    """They compare equal and divide differently."""
    roots = [constant(0.0), constant(-0.0)]

    program = lower(roots, lambda n: None)

    assert [math.copysign(1.0, v) for v in interpret(program, [])] == [1.0, -1.0]


def test_an_output_may_be_an_input():
    """A formula that is a name needs no instruction."""
    program = lower([node("market", name="bid")], lambda n: n.name)

    assert (program.inputs, program.instructions, program.outputs) == (
        ("bid",),
        (),
        (0,),
    )
