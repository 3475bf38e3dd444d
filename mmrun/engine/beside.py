"""A thread beside the one the kernel runs on, for the columns of the next batch."""

from __future__ import annotations

import os
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar


T = TypeVar("T")

_LOOK_S = 20e-6
#: Which processor a thread runs on: a field of its `stat`, after the name in brackets.
_PROCESSOR = 36


def one_beside() -> ThreadPoolExecutor:
    """An executor of one thread, which leaves the caller its processor."""
    return ThreadPoolExecutor(
        1, initializer=_leave, initargs=(threading.get_native_id(),)
    )


def awaited(future: Future[T]) -> T:
    """The future's result.

    By looking again and again, a few microseconds apart: one who sleeps is woken on the
    processor of the one that wakes it, and may stay there, beside it.
    """
    while not future.done():
        time.sleep(_LOOK_S)
    return future.result()


def _leave(other: int) -> None:
    """Keep this thread from the processor that the other one runs on now.

    Linux may wake a thread on the processor of the one that wakes it, and move it
    milliseconds later: up to a third of a short run passed with both on one processor.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, ValueError, IndexError):
        text = Path(f"/proc/self/task/{other}/stat").read_text(encoding="utf-8")
        taken = int(text.rpartition(")")[2].split()[_PROCESSOR])
        if left := os.sched_getaffinity(0) - {taken}:
            os.sched_setaffinity(0, left)
