"""Market columns that keep, or count from, what some rows tell: `last_price`, `age(quote)`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmrun.engine.jit import Mode
from mmrun.engine.observe import Observed, hold, hold_age
from mmrun.lang.nodes import Ticks
from mmrun.market.tape import Batch, FloatColumn


#: Columns that hold a tape column from the rows where it is set.
_HELD = {
    "last_price": ("price", Ticks.TRADE),
    "last_size": ("size", Ticks.TRADE),
    "last_side": ("side", Ticks.TRADE),
}
_AGES = {"age(quote)": Ticks.BOOK, "age(trade)": Ticks.TRADE}
#: All of them.
KEPT = frozenset((*_HELD, *_AGES))


@dataclass(slots=True)
class KeptColumns:
    """Such columns of one market, with their state."""

    mode: Mode
    last: dict[str, Any] = field(default_factory=dict)

    def fill(
        self, name: str, batch: Batch, seen: Observed, out: FloatColumn
    ) -> FloatColumn:
        """Write one of KEPT, of the next rows, and give it back."""
        if name in _AGES:
            last = self.last.setdefault(name, np.full(1, -1, np.int64))
            self.mode(hold_age)(batch.ts, seen.bits, int(_AGES[name]), last, out)
            return out
        column, mask = _HELD[name]
        values = seen.side if column == "side" else getattr(batch, column)
        last = self.last.setdefault(name, np.full(1, np.nan))
        floats = values.astype(np.float64, copy=False)
        self.mode(hold)(floats, seen.bits, int(mask), last, out)
        return out
