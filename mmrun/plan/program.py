"""The primitive programs every back end runs: straight lines of single assignments.

A program is lowered once from a checked tree; numexpr nodes, LLVM instructions and
plain Python are three readings of the same lines. Registers are numbered from 0: the
inputs first, then one register per instruction, in order (single assignment).

Kinds: `f` float64, `b` a raw boolean. All arithmetic is IEEE double, round to nearest,
never reassociated. Primitives:

    const            f        value
    add sub mul div  f f → f
    neg abs sqrt exp log tanh floor ceil rint   f → f   (rint: halves to even)
    pow              f f → f
    lt le gt ge eq ne   f f → b   (IEEE: false beside NaN, except ne)
    and or           b b → b
    not              b → b
    select           b f f → f
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instruction:
    """`register = op(args)`; its register is the inputs' count plus its index."""

    op: str
    args: tuple[int, ...] = ()
    value: float = 0.0  #: of `const`


@dataclass(frozen=True, slots=True)
class Program:
    """Inputs by name, instructions, and the registers that are its results.

    Every input and every output is `f`. An output may be an input's register.
    """

    inputs: tuple[str, ...]
    instructions: tuple[Instruction, ...]
    outputs: tuple[int, ...]

    def inputs_of(self, outputs: Sequence[int]) -> frozenset[int]:
        """The inputs' registers that the registers `outputs` are computed from."""
        needed = set(outputs)
        first = len(self.inputs)
        for register in range(first + len(self.instructions) - 1, first - 1, -1):
            if register in needed:
                needed |= set(self.instructions[register - first].args)
        return frozenset(register for register in needed if register < first)
