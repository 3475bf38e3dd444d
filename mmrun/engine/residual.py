"""Residual formulas as machine code, by llvmlite: milliseconds after an edit.

Takes a primitive `Program`, gives the address of a `void f(double *registers)` that a
compiled kernel calls (`jit.call_residual`). The registers hold the inputs in order,
then the outputs in order. Results are, bit for bit, those of `interpret` (any NaN
equals any NaN).

LLVM is given no licence to reassociate, contract or approximate, and is kept from
knowing what `exp`, `log`, `tanh` and `pow` are: they are calls of addresses, the libm
that `math` and numexpr use. By name it would fold calls of constants with a libm of
its own choice and turn some powers into other functions.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mmrun.engine.native import target_machine
from mmrun.plan.program import Instruction, Program


@dataclass(frozen=True, slots=True)
class Residual:
    """A compiled formula. Its code lives as long as this object does: hold on to it."""

    program: Program
    address: int  #: of a `void f(double *registers)`
    engine: Any = field(repr=False, compare=False)


def compile_residual(program: Program) -> Residual:
    """Compile a program for this machine; a few milliseconds."""
    import llvmlite.binding as llvm

    machine = target_machine()
    module = llvm.parse_assembly(_assembly(program))
    module.verify()
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return Residual(program, engine.get_function_address(_NAME), engine)


_NAME = "residual"


#: Where the C library's mathematics may be: glibc, this process (macOS, musl), Windows.
_LIBRARIES = ("libm.so.6", None, "ucrtbase")


@cache
def _libm(name: str) -> int:
    """The address of a C function: the one that `math` and numexpr call.

    The library is opened by name: what this process has loaded so far, and so what it
    can look up, depends on what was imported before.

    Raises:
        RuntimeError: no library has such a function.
    """
    for library in _LIBRARIES:
        with suppress(OSError, AttributeError, TypeError):
            function = getattr(ctypes.CDLL(library), name)
            return int(ctypes.cast(function, ctypes.c_void_p).value or 0)
    msg = f"the C library's {name} was not found"
    raise RuntimeError(msg)


def _assembly(program: Program) -> str:
    """The program as LLVM's text: loads, one line an instruction, stores."""
    from llvmlite import ir

    double = ir.DoubleType()
    module = ir.Module()
    kind = ir.FunctionType(ir.VoidType(), [double.as_pointer()])
    function = ir.Function(module, kind, _NAME)
    builder = ir.IRBuilder(function.append_basic_block())
    emit = _Emitter(builder, module, double)
    registers = function.args[0]
    values = [
        builder.load(emit.place(registers, i)) for i in range(len(program.inputs))
    ]
    for instruction in program.instructions:
        values.append(emit.line(instruction, values))
    for i, output in enumerate(program.outputs, len(program.inputs)):
        builder.store(values[output], emit.place(registers, i))
    builder.ret_void()
    return str(module)


@dataclass(frozen=True, slots=True)
class _Emitter:
    """Writes primitives into one LLVM function."""

    builder: Any
    module: Any
    double: Any

    def place(self, registers: Any, index: int) -> Any:
        """A pointer to one of the registers."""
        from llvmlite import ir

        return self.builder.gep(registers, [ir.Constant(ir.IntType(64), index)])

    def line(self, instruction: Instruction, values: list[Any]) -> Any:
        """The value of one instruction."""
        if instruction.op == "const":
            return self.double(instruction.value)
        args = [values[i] for i in instruction.args]
        return _PRIMITIVES[instruction.op](self, *args)

    def intrinsic(self, name: str, operand: Any) -> Any:
        """An operation of the processor: exact, or correctly rounded."""
        function = self.module.declare_intrinsic(f"llvm.{name}", [self.double])
        return self.builder.call(function, [operand])

    def call(self, name: str, *operands: Any) -> Any:
        """A call of the C library's function, by address."""
        from llvmlite import ir

        kind = ir.FunctionType(self.double, [self.double] * len(operands))
        address = ir.Constant(ir.IntType(64), _libm(name))
        function = self.builder.inttoptr(address, kind.as_pointer())
        return self.builder.call(function, operands)

    def compare(self, sign: str, a: Any, b: Any) -> Any:
        """False beside NaN, except `!=`."""
        kind = "fcmp_unordered" if sign == "!=" else "fcmp_ordered"
        return getattr(self.builder, kind)(sign, a, b)


_PRIMITIVES: dict[str, Callable[..., Any]] = {
    "add": lambda e, a, b: e.builder.fadd(a, b),
    "sub": lambda e, a, b: e.builder.fsub(a, b),
    "mul": lambda e, a, b: e.builder.fmul(a, b),
    "div": lambda e, a, b: e.builder.fdiv(a, b),
    "neg": lambda e, a: e.builder.fneg(a),
    "abs": lambda e, a: e.intrinsic("fabs", a),
    "sqrt": lambda e, a: e.intrinsic("sqrt", a),
    "floor": lambda e, a: e.intrinsic("floor", a),
    "ceil": lambda e, a: e.intrinsic("ceil", a),
    "rint": lambda e, a: e.intrinsic("rint", a),
    "exp": lambda e, a: e.call("exp", a),
    "log": lambda e, a: e.call("log", a),
    "tanh": lambda e, a: e.call("tanh", a),
    "pow": lambda e, a, b: e.call("pow", a, b),
    "lt": lambda e, a, b: e.compare("<", a, b),
    "le": lambda e, a, b: e.compare("<=", a, b),
    "gt": lambda e, a, b: e.compare(">", a, b),
    "ge": lambda e, a, b: e.compare(">=", a, b),
    "eq": lambda e, a, b: e.compare("==", a, b),
    "ne": lambda e, a, b: e.compare("!=", a, b),
    "and": lambda e, a, b: e.builder.and_(a, b),
    "or": lambda e, a, b: e.builder.or_(a, b),
    "not": lambda e, a: e.builder.not_(a),
    "select": lambda e, c, a, b: e.builder.select(c, a, b),
}
