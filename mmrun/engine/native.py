"""Compiled kernels as object code on disk, loaded and called without their compiler.

numba compiles a kernel once a machine and version; importing it, and its registries,
took as long as all the rest of a short run. Its native functions are `int f(result *,
exception **, arguments...)`, an array an argument of seven parts and more, a tuple its
elements one after the other. Their code has a way in of its own (`way_in`) that finds
all parts, eight bytes each, in one line of memory: ctypes calls that, since to hand it a
hundred arguments took 15 us, as long as the kernel takes for a thousand rows.

Code is kept in the user's cache folder (`NUMBA_CACHE_DIR`, else `folders.cache_root`),
each file named by a digest of all that compiling read and of the arguments' types, and
held to a checksum. A folder that cannot be written means compiling in every process.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import struct
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

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
_LAYOUT = "2"  #: of the files; another one is not read
_WAY_IN = "mmrun_way_in"  #: the one function of a kernel's code that is called here
_RETURNED = (0, -2)  #: numba's status of a value, and of None
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Code:
    """Machine code of a kernel for arguments of certain types."""

    result: str  #: a key of `_RESULTS`
    missing: tuple[str, ...]  #: symbols it names and never calls: the compiler's own
    binary: bytes

    def to_bytes(self) -> bytes:
        """A line of JSON, then the object code."""
        head = {
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
        return Code(head["result"], tuple(head["missing"]), binary)
    except (ValueError, KeyError, TypeError):
        return None


def way_in(symbol: str, kinds: Sequence[str]) -> str:
    """LLVM's text of `int f(result *, const void *parts)`, which calls a kernel.

    `kinds` are the kernel's arguments as LLVM knows them, result and exception aside.
    The exception is dropped: what a kernel may raise, it is never asked to.
    """
    parts = [
        f"%at{i} = getelementptr i64, ptr %parts, i64 {i}\n"
        f"%part{i} = load {kind}, ptr %at{i}, align 1"
        for i, kind in enumerate(kinds)
    ]
    given = ", ".join(f"{kind} %part{i}" for i, kind in enumerate(kinds))
    return "\n".join(
        [
            f"define i32 @{_WAY_IN}(ptr %result, ptr %parts) {{",
            "%failure = alloca ptr",
            *parts,
            f'%status = call i32 @"{symbol}"(ptr %result, ptr %failure, {given})',
            "ret i32 %status",
            "}",
        ]
    )


@dataclass(slots=True)
class Native:
    """A kernel in machine code: callable, compiled at its first call with new types."""

    name: str
    digest: str
    build: Callable[[Sequence[Any]], Code]
    on_cold: OnCold | None = None
    forms: dict[tuple[str, ...], _Form] = field(default_factory=dict)

    def __call__(self, *args: Any) -> Any:
        """Run it; arrays contiguous, integers and floats plain, tuples of them named."""
        kinds: list[str] = []
        parts: list[bytes] = []
        _take(args, kinds, parts)
        form = self.forms.get(key := tuple(kinds))
        if form is None:
            with _LOADING:
                form = self.forms[key] = _Form(self._code(key, args))
        # A line of bytes for each call: two threads may call the kernel at once.
        return form.call(b"".join(parts))

    def _code(self, kinds: tuple[str, ...], args: Sequence[Any]) -> Code:
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
        self._function = _CALL(self._engine.get_function_address(_WAY_IN))
        self._result = _RESULTS[code.result]

    def call(self, parts: bytes) -> Any:
        """Call it with all arguments' parts."""
        value = ctypes.c_int64()
        status = self._function(ctypes.byref(value), parts)
        if status not in _RETURNED:
            msg = f"a kernel failed with status {status}"
            raise RuntimeError(msg)
        if self._result is None:
            return None
        found = self._result.from_buffer(value).value
        return bool(found) if self._result is ctypes.c_int8 else found


#: A way in as ctypes calls it, letting other threads run meanwhile.
_CALL = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_char_p)


def _take(arguments: Iterable[Any], kinds: list[str], parts: list[bytes]) -> None:
    """Append what code arguments need, and their parts as numba passes them."""
    for argument in arguments:
        if (known := _KNOWN.get(id(argument))) is not None:
            _, kind, line = known
        elif (number := _NUMBERS.get(type(argument))) is not None:
            kind, pack = number
            line = pack(argument)
        elif isinstance(argument, tuple):
            kinds.append(type(argument).__name__)
            _take(argument, kinds, parts)
            kind, line = _END, b""
        elif isinstance(argument, np.ndarray):
            _, kind, line = _look_into(argument)
        else:  # a number of numpy's
            kind = type(argument).__name__
            line = (_DOUBLE if isinstance(argument, float) else _INTEGER)(argument)
        kinds.append(kind)
        parts.append(line)


_END = ")"  #: of a tuple's elements: no type has such a name
_INTEGER, _DOUBLE = struct.Struct("=q").pack, struct.Struct("=d").pack
#: How numbers are passed, by type.
_NUMBERS: dict[type, tuple[str, Callable[[Any], bytes]]] = {
    bool: ("bool", _INTEGER),
    int: ("int", _INTEGER),
    float: ("float", _DOUBLE),
}

#: Arrays that are alive, by identity, with the code they need and their parts. To look
#: into one takes a microsecond, to find it here the tenth of one: a run's arrays and
#: those of its buffers come batch after batch, a batch's own go to several kernels. One
#: that dies is taken out before another object can have its identity.
_KNOWN: dict[int, tuple[weakref.ref[Any], str, bytes]] = {}


def _look_into(array: NDArray[Any]) -> tuple[weakref.ref[Any], str, bytes]:
    place, flags, size = id(array), array.flags, array.size
    kind = _kind(array.dtype)
    # Whether it may be written is not part of the kind: numba tells those types apart,
    # and gives them the same code.
    if array.ndim == 1 and flags.c_contiguous and flags.writeable:
        # Nearly all are such, and 1.0 us is enough for them in place of 1.5. The buffer
        # protocol tells the address in 0.3 us, numpy's own attributes in 1.0.
        address = ctypes.addressof(_NO_BYTES.from_buffer(cast("bytearray", array)))
        parts = _COLUMN(0, 0, size, array.itemsize, address, size, array.itemsize)
    else:
        if array.ndim != 1 or not flags.c_contiguous:
            kind = f"{kind} {array.ndim} {flags.c_contiguous}"
        head = 0, 0, size, array.itemsize, array.ctypes.data
        layout = (*head, *array.shape, *array.strides)
        parts = struct.pack(f"={len(layout)}q", *layout)
    gone = weakref.ref(array, lambda _: _KNOWN.pop(place, None))
    looked = _KNOWN[place] = gone, kind, parts
    return looked


_NO_BYTES = ctypes.c_char * 0
_COLUMN = struct.Struct("=7q").pack
_DESCRIBED: dict[int, tuple[Any, str]] = {}  #: by identity: records are slow to hash


def _kind(dtype: np.dtype[Any]) -> str:
    """What code values need, as text that is made once: such are soon looked up."""
    if (known := _DESCRIBED.get(id(dtype))) is None:
        text = dtype.str if dtype.names is None else repr(dtype)
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
