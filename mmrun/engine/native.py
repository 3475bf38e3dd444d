"""Compiled kernels as object code on disk, loaded and called without their compiler.

numba compiles a kernel once a machine and version; importing it, and its registries,
took as long as all the rest of a short run. Its native functions are `int f(result *,
exception **, arguments...)`, an array an argument of seven parts and more, a tuple its
elements one after the other: so they are called here, by ctypes.

Code is kept in the user's cache folder (`NUMBA_CACHE_DIR`, else `folders.cache_root`),
each file named by a digest of all that compiling read and of the arguments' types, and
held to a checksum. A folder that cannot be written means compiling in every process.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrun.folders import cache_root


#: Called with a kernel's name when it is not in the cache and is about to be compiled.
OnCold = Callable[[str], None]

#: What a kernel may return, and how it is read from the eight bytes it is given.
_RESULTS: dict[str, Any] = {
    "none": None,
    "int64": ctypes.c_int64,
    "float64": ctypes.c_double,
    "bool": ctypes.c_int8,
}
_LAYOUT = "1"  #: of the files; another one is not read
_RETURNED = (0, -2)  #: numba's status of a value, and of None
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Code:
    """Machine code of a kernel for arguments of certain types."""

    symbol: str
    result: str  #: a key of `_RESULTS`
    missing: tuple[str, ...]  #: symbols it names and never calls: the compiler's own
    binary: bytes

    def to_bytes(self) -> bytes:
        """A line of JSON, then the object code."""
        head = {
            "symbol": self.symbol,
            "result": self.result,
            "missing": self.missing,
            "sha256": hashlib.sha256(self.binary).hexdigest(),
        }
        return json.dumps(head).encode() + b"\n" + self.binary


def read_code(data: bytes) -> Code | None:
    """What `to_bytes` gave; None where a file is torn or damaged."""
    line, _, binary = data.partition(b"\n")
    try:
        head = json.loads(line)
        if hashlib.sha256(binary).hexdigest() != head["sha256"]:
            return None
        return Code(head["symbol"], head["result"], tuple(head["missing"]), binary)
    except (ValueError, KeyError, TypeError):
        return None


Kind = str | tuple[Any, ...]
#: What code an argument needs, and the parts it is passed in.
Taken = tuple[Kind, tuple[Any, ...]]


@dataclass(slots=True)
class Native:
    """A kernel in machine code: callable, compiled at its first call with new types."""

    name: str
    digest: str
    build: Callable[[Sequence[Any]], Code]
    on_cold: OnCold | None = None
    forms: dict[tuple[Kind, ...], _Form] = field(default_factory=dict)

    def __call__(self, *args: Any) -> Any:
        """Run it; arrays contiguous, integers and floats plain, tuples of them named."""
        taken = [_take(argument) for argument in args]
        kinds = tuple(kind for kind, _ in taken)
        form = self.forms.get(kinds)
        if form is None:
            with _LOADING:
                form = self.forms[kinds] = _Form(self._code(kinds, args))
        return form.call([part for _, parts in taken for part in parts])

    def _code(self, kinds: tuple[Kind, ...], args: Sequence[Any]) -> Code:
        key = hashlib.sha256(f"{self.digest}{kinds}".encode()).hexdigest()[:32]
        folder = cache_folder()
        path = None if folder is None else folder / f"{self.name}-{key}"
        if path is not None and (kept := _read(path)) is not None:
            return kept
        if self.on_cold is not None:
            self.on_cold(self.name)
        code = self.build(args)
        if path is not None:
            _write(path, code.to_bytes())
        return code


class _Form:
    """Loaded code for arguments of certain types."""

    def __init__(self, code: Code) -> None:
        self._engine = _load(code)  # the code lives as long as it does
        self._address = self._engine.get_function_address(code.symbol)
        self._result = _RESULTS[code.result]
        self._function: Any = None

    def call(self, parts: list[Any]) -> Any:
        """Call it with all arguments' parts."""
        if self._function is None:
            self._function = _prototype(parts)(self._address)
        value, failure = ctypes.c_int64(), ctypes.c_void_p()
        status = self._function(ctypes.byref(value), ctypes.byref(failure), *parts)
        if status not in _RETURNED:
            msg = f"a kernel failed with status {status}"
            raise RuntimeError(msg)
        if self._result is None:
            return None
        found = self._result.from_buffer(value).value
        return bool(found) if self._result is ctypes.c_int8 else found


def _prototype(flat: Sequence[Any]) -> Any:
    """The C type of a function of such arguments; calling it lets other threads run."""
    kinds = [ctypes.c_double if isinstance(v, float) else ctypes.c_int64 for v in flat]
    return ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *kinds)


def _take(argument: Any) -> Taken:
    """An argument's kind, and its parts as numba passes them."""
    if isinstance(argument, np.ndarray):
        known = _KNOWN.get(id(argument))
        return _look_into(argument) if known is None else known[1]
    name = type(argument).__name__
    if isinstance(argument, tuple):
        taken = [_take(element) for element in argument]
        kind = name, *(kind for kind, _ in taken)
        return kind, tuple(part for _, parts in taken for part in parts)
    return name, (argument,)


#: Arrays that are alive, by identity: to look into one takes microseconds, and a batch's
#: arrays go to several kernels.
_KNOWN: dict[int, tuple[weakref.ref[Any], Taken]] = {}


def _look_into(array: NDArray[Any]) -> Taken:
    dtype, layout = _dtype(array.dtype), array.flags
    # Whether it may be written is not part of it: numba tells those types apart, and
    # gives them the same code.
    kind = dtype, array.ndim, layout.c_contiguous
    head = 0, 0, array.size, array.itemsize, array.ctypes.data
    taken = kind, (*head, *array.shape, *array.strides)
    place = id(array)
    gone = weakref.ref(array, lambda _: _KNOWN.pop(place, None))
    _KNOWN[place] = gone, taken
    return taken


_DESCRIBED: dict[int, tuple[Any, str]] = {}  #: by identity: records are slow to hash


def _dtype(dtype: np.dtype[Any]) -> str:
    if dtype.names is None:
        return dtype.str
    known = _DESCRIBED.get(id(dtype))
    if known is None:
        text = hashlib.sha256(repr(dtype).encode()).hexdigest()[:16]
        known = _DESCRIBED[id(dtype)] = dtype, text
    return known[1]


def _load(code: Code) -> Any:
    """An execution engine that holds the code."""
    import llvmlite.binding as llvm

    machine = target_machine()
    for symbol in code.missing:
        if llvm.address_of_symbol(symbol) is None:
            llvm.add_symbol(symbol, _never_called())
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code.binary))
    engine.finalize_object()
    return engine


def _stub() -> None:
    msg = "a kernel called a function of its compiler"
    raise RuntimeError(msg)


_STUB = ctypes.CFUNCTYPE(None)(_stub)


def _never_called() -> int:
    return int(ctypes.cast(_STUB, ctypes.c_void_p).value or 0)


@cache
def host() -> tuple[str, str]:
    """This processor's name and features; half a millisecond."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def target_machine() -> Any:
    """A new one each time, a quarter of a millisecond: an engine owns its machine."""
    import llvmlite.binding as llvm

    cpu, features = host()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        opt=3,
        cpu=cpu,
        features=features,
        reloc="static" if target.name.startswith("x86") else "default",
        codemodel="jitdefault",
        jit=True,
    )


def _read(path: Path) -> Code | None:
    with suppress(OSError):
        return read_code(path.read_bytes())
    return None


def _write(path: Path, data: bytes) -> None:
    """To a temporary name, then renamed; where it cannot be kept, it is not."""
    with suppress(OSError):
        number, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(data)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)


@cache
def cache_folder() -> Path | None:
    """Where code is kept, made if need be; None when it cannot be.

    Code fits the versions that made it and the processor, and nothing else.
    """
    packages = [f"{name} {version(name)}" for name in ("numba", "llvmlite", "numpy")]
    made_by = [*packages, _LAYOUT, sys.version, *host()]
    key = hashlib.sha256("; ".join(made_by).encode()).hexdigest()[:16]
    folder = _root() / f"kernels-{key}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


def _root() -> Path:
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    return Path(chosen) / "mmrun" if chosen else cache_root()
