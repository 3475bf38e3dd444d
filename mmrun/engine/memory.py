"""Memory in which a run is kept, used again by the next run of the process.

Memory that is new to the system comes a page at a time, each when it is first written:
of a short run that was a third of its time. So what a run leaves behind is kept for one
run to come, once nothing of it can be seen any more.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
import weakref
from collections import deque
from typing import Any


#: Memory of runs that are over: of one, and of the empty machine kernels warm up on.
_SPARE: deque[mmap.mmap] = deque(maxlen=2)
#: Elsewhere than on Linux, unneeded memory need not read as zeros afterwards.
_KEEPS = sys.platform == "linux"


def machine_memory(size: int, cleared: int) -> Any:
    """`size` bytes as a buffer; the first `cleared` are zeros, the rest may be anything.

    It is given to another run when the last array that looks at it is gone. `cleared`
    is a whole number of pages.
    """
    memory = _spare(size, cleared) or _new(size)
    view = (ctypes.c_char * size).from_buffer(memory)
    if _KEEPS:
        weakref.finalize(view, _SPARE.append, memory).atexit = False
    return view


def _spare(size: int, cleared: int) -> mmap.mmap | None:
    while _SPARE:
        memory = _SPARE.pop()
        if len(memory) == size:
            memory.madvise(mmap.MADV_DONTNEED, 0, cleared)
            return memory
    return None


def _new(size: int) -> mmap.mmap:
    # Not numpy's memory: it asks for huge pages, for which the system may first have to
    # move others. Half of the runs took twice as long, waiting for the order log's.
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    # Shared memory, which is what one gets unasked, costs half as much again a page.
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
