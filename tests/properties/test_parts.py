"""A column's program in parts gives, bit for bit, what it gives whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from mmrun.engine import layout
from mmrun.engine.interpret import interpret
from mmrun.engine.layout import part
from mmrun.plan.plan import ColumnStep
from mmrun.plan.program import Program
from tests.properties.test_backends import bits, programs_with_rows


@given(programs_with_rows(), st.data(), st.sampled_from([1, 2, 4]))
def test_parts_give_the_bits_of_the_whole(
    example: tuple[Program, list[list[float]]], data: st.DataObject, worth: int
) -> None:
    """Parts read held columns and run values alone; the rest takes them from there."""
    program, rows = example
    kinds = [data.draw(st.sampled_from("$hm")) for _ in program.inputs]
    names = tuple(f"{kind}{k}" for k, kind in enumerate(kinds))
    whole = replace(program, inputs=names, outputs=program.outputs[:1])
    held = {name for name in names if name[0] == "h"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "_WORTH", worth)

        *parts, rest = part(ColumnStep("c0", whole), held)

    assert rest.output == "c0"
    for each in parts:
        assert {name for name in each.program.inputs if name[0] != "$"} <= held
    for row in rows:
        known = dict(zip(names, row, strict=True))
        for each in (*parts, rest):
            values = [known[name] for name in each.program.inputs]
            (known[each.output],) = interpret(each.program, values)
        assert bits(known["c0"]) == bits(interpret(whole, row)[0])
