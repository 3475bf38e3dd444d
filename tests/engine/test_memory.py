"""Memory of a run that is over serves the next one, and shows nothing of the first."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from mmrun.engine.buffers import Buffers
from mmrun.engine.memory import machine_memory


PAGE = 1 << 16
SIZE = 4 * PAGE


def _bytes(view: object) -> np.ndarray:
    return np.frombuffer(view, np.uint8)  # type: ignore[call-overload]


def test_what_is_to_be_cleared_is_zero_however_often_it_was_written() -> None:
    for _ in range(5):
        array = _bytes(machine_memory(SIZE, cleared=2 * PAGE))
        assert not array[: 2 * PAGE].any()
        array[:] = 7
        del array
        gc.collect()


def test_memory_that_somebody_still_looks_at_is_given_to_nobody_else() -> None:
    first = _bytes(machine_memory(SIZE, cleared=PAGE))
    seen = first[PAGE:].reshape(-1, 8)[:, 1]  # a view of a view
    seen[:] = 3
    del first
    gc.collect()
    others = [_bytes(machine_memory(SIZE, cleared=PAGE)) for _ in range(3)]
    for other in others:
        other[:] = 9
    assert (seen == 3).all()


def test_a_smaller_machine_is_not_handed_out_for_a_larger_one() -> None:
    del_me = _bytes(machine_memory(PAGE, cleared=PAGE))
    del del_me
    gc.collect()
    assert len(_bytes(machine_memory(SIZE, cleared=PAGE))) == SIZE


@pytest.mark.parametrize("counts", [(5, 9), (9, 5), (0, 4)])
def test_arrays_of_one_batch_never_overlap(counts: tuple[int, int]) -> None:
    buffers = Buffers()
    for _ in range(3):
        buffers.begin()
        taken = [buffers.take(count) for count in (*counts, *counts)]
        for value, array in enumerate(taken):
            array[:] = value
        for value, array in enumerate(taken):
            assert (array == value).all()
            assert len(array) == (*counts, *counts)[value]


def test_a_second_batch_has_the_arrays_of_the_first() -> None:
    buffers = Buffers()
    kinds = (np.float64, np.int8, np.float64)
    first = [buffers.take(64, kind) for kind in kinds]
    buffers.begin()
    second = [buffers.take(32, kind) for kind in kinds]
    assert [a.ctypes.data for a in first] == [a.ctypes.data for a in second]


def test_batches_of_one_length_have_the_same_views() -> None:
    """What a kernel's caller knows of an array serves for the next batch too."""
    buffers = Buffers()
    found = []
    for count in (8, 8, 5, 8):
        buffers.begin()
        table = buffers.take_table(2, count)
        found.append((buffers.take(count, np.int8), table.whole, *table.after_first))

    first, second, shorter, _ = found
    assert all(a is b for a, b in zip(first, second, strict=True))
    assert not any(a is b for a, b in zip(first, shorter, strict=True))


def test_a_table_has_the_shape_that_is_asked_for() -> None:
    """Also where as many values had another shape."""
    buffers = Buffers()
    for columns, rows in ((2, 6), (3, 4), (0, 5), (0, 1), (1, 12)):
        buffers.begin()
        table = buffers.take_table(columns, rows)
        table.whole[:, 0] = -1
        for value, column in enumerate(table.after_first):
            column[:] = value

        assert table.whole.shape == (columns, rows)
        assert table.whole.tolist() == [[-1, *[k] * (rows - 1)] for k in range(columns)]
