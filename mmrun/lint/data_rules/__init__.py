"""What the given data says of a strategy (`check --data`), one rule a file, all alike.

As in `rules`: a module's docstring is its manual, `ID` its code. `check` is told of one
symbol of the data, too. The manuals' examples are checked against the example market,
which is quoted at NASDAQ in ticks of 0.01 and lots of 1.
"""

from __future__ import annotations

from types import ModuleType

from mmrun.lint.data_rules import (
    absent_reference,
    absent_venue,
    never_trades,
    off_tick,
    under_lot,
)


RULES: tuple[ModuleType, ...] = (
    never_trades,
    off_tick,
    absent_venue,
    absent_reference,
    under_lot,
)
