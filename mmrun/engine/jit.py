"""The door to numba: kernel functions are plain Python, compiled when asked to be.

Takes functions marked `@kernel`, gives their compiled forms. A marked function stays
the Python function it is: `compiled(f)` and `uncompiled(f)` are two ways to call it,
with the same bytes as results, and both live in one process. Importing this module
does not import numba; calling `compiled` does.

What a kernel may use: other kernels and constants by their bare global names (not
`module.name(...)` of a kernel), `math`, numpy scalars and arrays, structured arrays as
`np.recarray`. Arithmetic is IEEE in both forms: no exceptions, no fast-math.

Compiled code is kept in the user's cache folder (`NUMBA_CACHE_DIR`, else
`XDG_CACHE_HOME`, else the platform's), each file named by a digest of all the code and
constants the function reaches: numba itself would notice an edit in the function's own
file only. A folder that cannot be written means compiling in every process.
"""

from __future__ import annotations

import ctypes
import dis
import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, wraps
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from mmrun.folders import cache_root


P = ParamSpec("P")
R = TypeVar("R")
DType = TypeVar("DType", bound=np.generic)

#: Called with a kernel's name when it is not in the cache and is about to be compiled.
OnCold = Callable[[str], None]
#: A formula: the address of a `void f(double *registers)`, or a Python function.
ResidualCall = int | Callable[[NDArray[np.float64]], None]

_COMPILER = "_mmrun_compiler"  #: the attribute that marks a kernel: how it is compiled
#: A kernel called by kernels alone needs no way in from Python, a fifth of its compiling.
_INNER = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_DIGEST = "_mmrun_digest"
_PLAIN = (int, float, bool, str, bytes, tuple, np.generic, np.dtype, type(None))


class Mode(Protocol):
    """A way to run kernels: `compiled` or `uncompiled`."""

    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]:
        """The callable form of a kernel."""
        ...


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function as a kernel; it is returned as it is."""
    vars(function)[_COMPILER] = _dispatcher
    return function


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """A kernel whose code is copied into its callers: for the inside of hot loops.

    Left to itself, the compiler passes a tuple of arrays to a small function by some
    fifty arguments; measured, that costs more than the function.
    """
    vars(function)[_COMPILER] = _inlined_dispatcher
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
    if _numba().config.DISABLE_JIT:
        return uncompiled(function)
    dispatcher = _compile(function)
    if on_cold is not None and hasattr(dispatcher, "_cache"):
        dispatcher._cache.on_cold = on_cold  # noqa: SLF001
    return cast("Callable[P, R]", dispatcher)


def uncompiled(function: Callable[P, R], /) -> Callable[P, R]:
    """The Python form of a kernel, with IEEE results in place of numpy's warnings."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return call


def readonly(array: NDArray[DType]) -> NDArray[DType]:
    """A contiguous read-only view, copied only if it must be.

    numba takes read-only arrays (a mapped file) and writable ones for two types and
    compiles for each: handing over all inputs read-only halves that.
    """
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


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


def _numba() -> Any:
    """The library, imported when it is first needed; it takes a third of a second."""
    import numba
    import numba.extending

    return numba


@cache
def _compile(function: Callable[..., Any]) -> Any:
    """What Python calls: kept on disk."""
    dispatcher = vars(function)[_COMPILER](function)
    dispatcher._cache = _disk_cache()(dispatcher.py_func)  # noqa: SLF001
    return dispatcher


@cache
def _compile_inner(function: Callable[..., Any]) -> Any:
    """What kernels call: part of their code, so not kept by itself."""
    return vars(function)[_COMPILER](function, **_INNER)


def _inlined_dispatcher(function: FunctionType, **options: bool) -> Any:
    return _dispatcher(function, forceinline=True, **options)


def _dispatcher(function: FunctionType, **options: bool) -> Any:
    """A numba dispatcher of a copy of `function` whose kernels are dispatchers too."""
    kernels = {name: _compile_inner(value) for name, value in _kernels(function)}
    scope = {**function.__globals__, **kernels}
    clone = FunctionType(
        function.__code__, scope, function.__name__, function.__defaults__
    )
    clone.__qualname__ = function.__qualname__
    clone.__kwdefaults__ = function.__kwdefaults__
    vars(clone)[_DIGEST] = _digest(function)
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


@cache
def cache_folder() -> Path | None:
    """Where compiled kernels are kept; None when the folder cannot be written."""
    import llvmlite
    from llvmlite.binding import get_host_cpu_name

    versions = (sys.version, _numba().__version__, llvmlite.__version__, np.__version__)
    key = hashlib.sha256(repr((versions, get_host_cpu_name())).encode())
    folder = _cache_root() / f"kernels-{key.hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return None
    return folder


def _cache_root() -> Path:
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen) / "mmrun"
    return cache_root()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time write: numba reads, edits and replaces an index."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cache
def _disk_cache() -> Any:
    """Numba's cache of one function, with our folder, digest and announcement.

    The classes are made here because their bases are numba's.
    """
    caching = _numba().core.caching
    locator_base: Any = caching._CacheLocator  # noqa: SLF001
    implementation_base: Any = caching.CompileResultCacheImpl
    cache_base: Any = caching.FunctionCache

    class Locator(locator_base):  # type: ignore[misc]
        def __init__(self, digest: str, py_file: str) -> None:
            self._digest = digest
            self._py_file = py_file  # numba's warnings name it

        def get_cache_path(self) -> str:
            return str(cache_folder() or "")

        def get_source_stamp(self) -> str:
            return self._digest

        def get_disambiguator(self) -> str:
            return self._digest

        @classmethod
        def from_function(cls, py_func: FunctionType, py_file: str) -> Locator:
            return cls(vars(py_func)[_DIGEST], py_file)

    class Implementation(implementation_base):  # type: ignore[misc]
        _locator_classes = (Locator,)

    class DiskCache(cache_base):  # type: ignore[misc]
        _impl_class = Implementation
        on_cold: OnCold | None = None

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            found = None
            if cache_folder() is not None:
                with suppress(OSError, EOFError, pickle.UnpicklingError):
                    found = super().load_overload(sig, target_context)
            if found is None and self.on_cold is not None:
                self.on_cold(self._py_func.__name__)
            return found

        def save_overload(self, sig: Any, data: Any) -> None:
            if (folder := cache_folder()) is not None:
                with suppress(OSError), _locked(folder):
                    super().save_overload(sig, data)

    return DiskCache
