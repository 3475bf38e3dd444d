"""The engine's records: what kernels may call a field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mmrun.engine.state import MACHINE


def fields_of(dtype: np.dtype[Any]) -> Iterator[str]:
    """The names of a record's fields, and of those of the records in it."""
    for name, (inner, *_) in (dtype.fields or {}).items():
        yield name
        yield from fields_of(inner.base)


def test_no_field_is_hidden_by_what_numpy_s_records_have() -> None:
    """As Python `record.size` is 1, whatever the field holds; in machine code it is not."""
    only_written = {"fills", "orders", "decisions", "equity"}
    parts = dict(MACHINE.fields or {})

    names = {
        n
        for part in parts.keys() - only_written
        for n in (part, *fields_of(parts[part][0].base))
    }

    assert {name for name in names if hasattr(np.void, name)} == set()
