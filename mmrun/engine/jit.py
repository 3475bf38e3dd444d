"""The door to numba: kernel functions are plain Python, compiled when asked to be.

Takes functions marked `@kernel`, gives their compiled forms. A marked function stays
the Python function it is: `compiled(f)` and `uncompiled(f)` are two ways to call it,
with the same bytes as results, and both live in one process. Importing this module
does not import numba; calling `compiled` does.

What a kernel may use: other kernels and constants by their bare global names (not
`module.name(...)` of a kernel), `math`, numpy scalars and arrays, structured arrays as
`np.recarray`. Arithmetic is IEEE in both forms: no exceptions, no fast-math.

Compiled code is kept on disk (`engine.native`), each file named by a digest of all the
code and constants the function reaches: an edited callee in another file is noticed.
numba is imported where code is not there yet.
"""

from __future__ import annotations

import ctypes
import dis
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial, wraps
from types import CodeType, FunctionType, ModuleType
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from mmrun.engine.native import Code, Native, OnCold, target_machine, way_in


P = ParamSpec("P")
R = TypeVar("R")
DType = TypeVar("DType", bound=np.generic)

#: A formula: the address of a `void f(double *registers)`, or a Python function.
ResidualCall = int | Callable[[NDArray[np.float64]], None]

_COMPILER = "_mmrun_compiler"  #: the attribute that marks a kernel: how it is compiled
#: No way in from Python is made, a fifth of the compiling: `engine.native` calls in.
_INNER = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
#: Looked up once: kernels are asked for batch after batch, and `os.environ` takes a
#: microsecond.
_PYTHON_ONLY = os.environ.get("NUMBA_DISABLE_JIT", "0") not in {"", "0"}
_PLAIN = (int, float, bool, str, bytes, tuple, np.generic, np.dtype, type(None))


class Mode(Protocol):
    """A way to run kernels: `compiled` or `uncompiled`."""

    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]:
        """The callable form of a kernel."""
        ...


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function as a kernel; it is returned as it is."""
    vars(function)[_COMPILER] = _called_dispatcher
    return function


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """A kernel whose code is copied into its callers: for the inside of hot loops.

    Left to itself, the compiler passes a tuple of arrays to a small function by some
    fifty arguments; measured, that costs more than the function.
    """
    vars(function)[_COMPILER] = _inlined_dispatcher
    return function


def spliced(function: Callable[P, R]) -> Callable[P, R]:
    """A kernel whose statements become its caller's: arrays are handed to it for nothing.

    Handed to any other kernel each array is counted up and down: measured at 60 ns a
    call of `plain.run_plain`, which is given a batch. It must return in one place.
    """
    vars(function)[_COMPILER] = _spliced_dispatcher
    return function


def compiled(
    function: Callable[P, R], /, *, on_cold: OnCold | None = None
) -> Callable[P, R]:
    """The machine-code form of a kernel, compiled at its first call with new types.

    `on_cold` is called before a compilation that the disk cache could not spare. With
    `NUMBA_DISABLE_JIT=1`, which coverage runs set, the Python form is returned.

    Raises:
        TypeError: `function` is not marked with `@kernel`.
    """
    if _COMPILER not in vars(function):
        msg = f"{function.__qualname__} is not a kernel; mark it with @kernel"
        raise TypeError(msg)
    if _PYTHON_ONLY:
        return uncompiled(function)
    native = _native(function)
    if on_cold is not None:
        native.on_cold = on_cold
    return cast("Callable[P, R]", native)


def uncompiled(function: Callable[P, R], /) -> Callable[P, R]:
    """The Python form of a kernel, with IEEE results in place of numpy's warnings."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return call


def call_residual(residual: ResidualCall, registers: NDArray[np.float64]) -> None:
    """Run a formula over its registers, from inside a kernel.

    Compiled kernels pass the address as run-time data, so they stay cacheable whatever
    the formula. `registers` is float64, contiguous, laid out as `engine.residual` says.
    """
    if callable(residual):
        residual(registers)
    else:
        prototype = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
        prototype(int(residual))(registers.ctypes.data)


def _residual_intrinsic(_: object, **_options: bool) -> Any:
    """What `call_residual` is in compiled code: a call through a pointer."""
    from llvmlite import ir

    types = _numba().types

    def call(_: Any, residual: Any, registers: Any) -> Any:
        del residual  # numba gives each argument's type; this one is made an int64

        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array = context.make_array(signature.args[1])(context, builder, args[1])
            target = ir.FunctionType(ir.VoidType(), [array.data.type]).as_pointer()
            builder.call(builder.inttoptr(args[0], target), [array.data])
            return context.get_dummy_value()

        return types.void(types.int64, registers), emit

    return _numba().extending.intrinsic(call)


vars(call_residual)[_COMPILER] = _residual_intrinsic


def apart() -> None:
    """Keep the kernel that calls this out of the code of its callers: what is seldom run.

    The compiler copies what is called in one place into that place. In the hot loop, all
    that a run may need but most never do made the code thrice as long, and as long to
    compile, and the loop a sixth slower.
    """


def _apart_intrinsic(_: object, **_options: bool) -> Any:
    """What `apart` is in compiled code: an attribute of the function it stands in."""
    types = _numba().types

    def call(_: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            del signature, args
            builder.function.attributes.add("noinline")
            return context.get_dummy_value()

        return types.void(), emit

    return _numba().extending.intrinsic(call)


vars(apart)[_COMPILER] = _apart_intrinsic


def _numba() -> Any:
    """The library, imported when it is first needed; it takes a third of a second."""
    import numba
    import numba.extending

    return numba


@cache
def _native(function: FunctionType) -> Native:
    """What Python calls: machine code, kept on disk."""
    return Native(function.__name__, _digest(function), partial(_build, function))


def _build(function: FunctionType, args: Sequence[Any]) -> Code:
    """Compile a kernel for arguments like these."""
    import llvmlite.binding as llvm

    signature = tuple(_numba().typeof(argument) for argument in args)
    dispatcher = _compile_inner(function)
    dispatcher.compile(signature)
    compiled = dispatcher.overloads[signature]
    text, symbol = compiled.library.get_llvm_str(), compiled.fndesc.llvm_func_name
    _, _, *taken = llvm.parse_assembly(text).get_function(symbol).arguments
    entered = way_in(symbol, [str(argument.type) for argument in taken])
    module = llvm.parse_assembly(f"{text}\n{entered}")
    outside = [f.name for f in module.functions if f.is_declaration]
    return Code(
        result=str(compiled.signature.return_type),
        missing=tuple(name for name in outside if not name.startswith("llvm.")),
        binary=target_machine().emit_object(module),
    )


@cache
def _compile_inner(function: Callable[..., Any]) -> Any:
    """A kernel as numba has it, which compiles it into the kernels that call it."""
    return vars(function)[_COMPILER](function, **_INNER)


def _called_dispatcher(function: FunctionType, **options: bool) -> Any:
    # Said, since a kernel first called by an inlined one would else be inlined too.
    return _dispatcher(function, forceinline=False, **options)


def _inlined_dispatcher(function: FunctionType, **options: bool) -> Any:
    return _dispatcher(function, forceinline=True, **options)


def _spliced_dispatcher(function: FunctionType, **options: bool) -> Any:
    return _dispatcher(function, inline="always", **options)


def _dispatcher(function: FunctionType, **options: bool | str) -> Any:
    """A numba dispatcher of a copy of `function` whose kernels are dispatchers too."""
    kernels = {name: _compile_inner(value) for name, value in _kernels(function)}
    scope = {**function.__globals__, **kernels}
    clone = FunctionType(
        function.__code__, scope, function.__name__, function.__defaults__
    )
    clone.__qualname__ = function.__qualname__
    clone.__kwdefaults__ = function.__kwdefaults__
    dispatcher = _numba().njit(error_model="numpy", nogil=True, **options)(clone)
    dispatcher.get_call_template = _without_literals(dispatcher.get_call_template)
    return dispatcher


def _without_literals(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Let a kernel call another by type alone.

    numba compiles a callee once for every constant it is called with: side 0, side 1
    and side by number were three kernels, and a cold start took twice as long.
    """
    unliteral = _numba().types.unliteral

    def call(args: Any, kws: Any) -> Any:
        plain = {name: unliteral(kind) for name, kind in kws.items()}
        return resolve(tuple(unliteral(kind) for kind in args), plain)

    return call


def _kernels(function: FunctionType) -> Iterator[tuple[str, FunctionType]]:
    """The kernels that a kernel names, in the order of its code."""
    for name, value in _references(function):
        if isinstance(value, FunctionType) and _COMPILER in vars(value):
            yield name, value


def _references(function: FunctionType) -> Iterator[tuple[str, object]]:
    scope = function.__globals__
    for code in _codes(function.__code__):
        yield from ((n, scope[n]) for n in _global_names(code) if n in scope)


def _global_names(code: CodeType) -> tuple[str, ...]:
    """Globals a code reads; `co_names` would give attributes' names as well."""
    reads = (i for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL")
    return tuple(dict.fromkeys(str(i.argval) for i in reads))


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and those nested in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


@cache
def _digest(function: FunctionType) -> str:
    """A digest of all code and constants that compiling `function` would read."""
    how = vars(function)[_COMPILER].__name__
    digest = hashlib.sha256(f"{how}{function.__defaults__}".encode())
    for code in _codes(function.__code__):
        plain = tuple(c for c in code.co_consts if not isinstance(c, CodeType))
        digest.update(repr((code.co_code, plain, code.co_names)).encode())
        digest.update(repr((code.co_varnames, code.co_exceptiontable)).encode())
    for name, value in _references(function):
        digest.update(f"{name}={_describe(value, function.__code__)};".encode())
    return digest.hexdigest()[:24]


def _describe(value: object, code: CodeType) -> str:
    """What compiled code would take from a global: text that changes when it does."""
    if isinstance(value, FunctionType) and _COMPILER in vars(value):
        return _digest(value)
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape}{value.tobytes()!r}"
    if isinstance(value, type) and hasattr(value, "__members__"):
        return repr([(name, m.value) for name, m in value.__members__.items()])
    if isinstance(value, ModuleType):
        named = ((name, getattr(value, name, None)) for name in code.co_names)
        return repr([(name, v) for name, v in named if isinstance(v, _PLAIN)])
    return repr(value) if isinstance(value, _PLAIN) else type(value).__name__
