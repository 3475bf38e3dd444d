"""Columns by numexpr: one formula over all rows of a block. The only numexpr import.

Takes a primitive `Program` of one output, gives a `ColumnProgram` whose `run` fills a
float64 array, bit for bit what `interpret` gives row by row.

No text and no expression tree reaches numexpr: our lines already are what its compiler
would produce, so they are written straight as its machine's instructions. That keeps
the order of every operation (its optimiser would turn x/10 into x*0.1, and remembers
that setting from another caller), tells -0.0 from 0.0 (its compiler shares equal
constants), and takes time linear in the program, where its trees repeat every shared
value (a value squared thirty times over would be 2^30 nodes).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrun.engine.interpret import interpret
from mmrun.plan.program import Instruction, Program


FloatArray = NDArray[np.float64]

MAX_INPUTS = 63  #: numpy iterates over at most 64 operands, the output is one
MAX_REGISTERS = 255  #: output, inputs, constants and temporaries: one byte, 255 is none

#: Primitive to numexpr's instruction, its operands swapped where it has no `<`.
_OPCODES = {
    "add": "add_ddd",
    "sub": "sub_ddd",
    "mul": "mul_ddd",
    "div": "div_ddd",
    "pow": "pow_ddd",
    "neg": "neg_dd",
    "sqrt": "sqrt_dd",
    "lt": "gt_bdd",
    "le": "ge_bdd",
    "gt": "gt_bdd",
    "ge": "ge_bdd",
    "eq": "eq_bdd",
    "ne": "ne_bdd",
    "and": "and_bbb",
    "or": "or_bbb",
    "not": "invert_bb",
    "select": "where_dbdd",
}
_BOOLEAN = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"})
_SWAPPED = frozenset({"lt", "le"})
#: Primitive to the function that numexpr's `func_ddn` calls: libm's, as `math` does.
_FUNCTIONS = {
    "abs": "absolute_dd",
    "exp": "exp_dd",
    "log": "log_dd",
    "tanh": "tanh_dd",
    "floor": "floor_dd",
    "ceil": "ceil_dd",
    "rint": "round_dd",  # C's rint: halves to even
}


@dataclass(frozen=True, slots=True)
class ColumnProgram:
    """A compiled column. Not to be run by two threads at once: numexpr crashes."""

    program: Program
    used: tuple[int, ...]  #: the inputs that the output depends on
    executable: Any = field(repr=False, compare=False)  #: None if it depends on none

    def run(self, inputs: Sequence[FloatArray], out: FloatArray) -> None:
        """Fill `out`, float64 of the block's length.

        Each of `inputs`, in the program's order, is float64, of that length or 0-d (a
        param).

        Raises:
            ValueError: an input has another type or length.
        """
        operands = [inputs[i] for i in self.used]
        for operand in operands:
            _require_fit(operand, len(out))
        if any(operand.ndim for operand in operands):
            self.executable(*operands, out=out, ex_uses_vml=False)
        else:
            out.fill(self._scalar(operands))

    def _scalar(self, operands: Sequence[FloatArray]) -> float:
        values = [0.0] * len(self.program.inputs)
        for i, operand in zip(self.used, operands, strict=True):
            values[i] = float(operand)
        return interpret(self.program, values)[0]


def compile_program(program: Program) -> ColumnProgram:
    """Make a program of one output runnable; takes microseconds.

    Raises:
        ValueError: it has several outputs, depends on more than `MAX_INPUTS` inputs, or
            needs more than `MAX_REGISTERS` registers: split it.
    """
    if len(program.outputs) != 1:
        msg = f"a column program has one output, not {len(program.outputs)}"
        raise ValueError(msg)
    live = _live_registers(program)
    count = len(program.inputs)
    used = tuple(register for register in live if register < count)
    if len(used) > MAX_INPUTS:
        msg = f"a column depends on {len(used)} inputs; numexpr takes {MAX_INPUTS}"
        raise ValueError(msg)
    executable = _assemble(program, live, used) if used else None
    return ColumnProgram(program, used, executable)


def use_threads(count: int = 1) -> None:
    """Let every column run on `count` threads of this process, from now on."""
    import numexpr

    numexpr.set_num_threads(count)


def _require_fit(operand: FloatArray, length: int) -> None:
    """Numexpr would cast other types, and stretch arrays of length one, silently."""
    if operand.dtype != np.float64:
        msg = f"a column's inputs are float64, not {operand.dtype}"
        raise ValueError(msg)
    if operand.ndim and operand.shape != (length,):
        msg = f"an input of shape {operand.shape} beside a block of {length} rows"
        raise ValueError(msg)


def _live_registers(program: Program) -> list[int]:
    """The registers that the output depends on, itself included, ascending."""
    count = len(program.inputs)
    live = {program.outputs[0]}
    for index in reversed(range(len(program.instructions))):
        if count + index in live:
            live.update(program.instructions[index].args)
    return sorted(live)


def _assemble(program: Program, live: list[int], used: tuple[int, ...]) -> Any:
    """Numexpr's executable: its registers are output, inputs, constants, temporaries."""
    from numexpr import interpreter

    count, output = len(program.inputs), program.outputs[0]
    lines = [(r, program.instructions[r - count]) for r in live if r >= count]
    places = {register: 1 + place for place, register in enumerate(used)}
    constants = _place_constants(lines, places)
    temporaries = _place_results(lines, places, output, 1 + len(used) + len(constants))
    if 1 + len(used) + len(constants) + len(temporaries) > MAX_REGISTERS:
        msg = f"a column of {len(lines)} lines needs more than {MAX_REGISTERS} values"
        raise ValueError(msg)
    code = [_encode(line, places[r], places) for r, line in lines if line.op != "const"]
    if output < count:
        code.append(_word("copy_dd", 0, places[output]))
    names = tuple(program.inputs[register] for register in used)
    return interpreter.NumExpr(
        b"d" * len(used), temporaries.encode(), b"".join(code), constants, names
    )


Line = tuple[int, Instruction]  #: a register and what fills it


def _place_constants(lines: list[Line], places: dict[int, int]) -> list[float]:
    """Give each different constant a place after the inputs; -0.0 is not 0.0."""
    first = 1 + len(places)
    found: dict[bytes, float] = {}
    for register, line in lines:
        if line.op == "const":
            bits = struct.pack("d", line.value)
            found.setdefault(bits, float(line.value))
            places[register] = first + list(found).index(bits)
    return list(found.values())


def _place_results(
    lines: list[Line], places: dict[int, int], output: int, first: int
) -> str:
    """Give each result a place, again where one is not needed any more.

    The output goes to place 0. Returns the kinds of the places from `first` on, `d` for
    float64 and `b` for booleans.
    """
    last_use = {a: i for i, (_, line) in enumerate(lines) for a in line.args}
    kinds: list[str] = []
    free: dict[str, list[int]] = {"d": [], "b": []}
    places[output] = places.get(output, 0)
    for index, (register, line) in enumerate(lines):
        for place in {places[a] for a in line.args if last_use[a] == index}:
            if place >= first:
                free[kinds[place - first]].append(place)
        if register not in places:
            kind = "b" if line.op in _BOOLEAN else "d"
            if not free[kind]:
                free[kind].append(first + len(kinds))
                kinds.append(kind)
            places[register] = free[kind].pop()
    return "".join(kinds)


def _encode(line: Instruction, store: int, places: dict[int, int]) -> bytes:
    """One instruction in numexpr's words of four bytes."""
    from numexpr import interpreter

    args = [places[register] for register in line.args]
    if function := _FUNCTIONS.get(line.op):
        code = interpreter.funccodes[function.encode()]
        return _word("func_ddn", store, *args, code)
    if line.op in _SWAPPED:
        args.reverse()
    return _word(_OPCODES[line.op], store, *args)


def _word(opcode: str, store: int, *args: int) -> bytes:
    """Opcode, target, two operands; a third operand follows behind a `noop`."""
    from numexpr import interpreter

    opcodes, empty = interpreter.opcodes, 255
    first = [*args, empty, empty][:2]
    word = bytes([opcodes[opcode.encode()], store, *first])
    for operand in args[2:]:
        word += bytes([opcodes[b"noop"], operand, empty, empty])
    return word
