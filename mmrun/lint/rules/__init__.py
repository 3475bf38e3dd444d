"""What a market maker would warn of, one rule a file, all alike.

A rule's module docstring is its manual, which `mmrun explain CODE` prints: a title, what
it means and what to do, and parts of strategy files that fail and pass. `ID` is its code.
`check` yields warnings and never raises, whatever the file holds; what it needs and the
file does not give is passed over.
"""

from __future__ import annotations

from types import ModuleType

from mmrun.lint.rules import (
    crossed_quotes,
    never_clears,
    never_fires,
    no_way_back,
    rising_price,
    under_cost,
    unused,
    weights,
    zero_division,
)


RULES: tuple[ModuleType, ...] = (
    unused,
    weights,
    zero_division,
    crossed_quotes,
    rising_price,
    under_cost,
    never_fires,
    never_clears,
    no_way_back,
)
