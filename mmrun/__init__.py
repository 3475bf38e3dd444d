"""mmrun runs market-making strategies that are written as YAML.

`mmrun.api` holds the whole flow on one screen; README.md and `mmrun --help` the rest.
"""

from mmrun.api import check, load, quote, run
from mmrun.problems import DataError, MmrunError, StrategyError, UsageError


__all__ = [
    "DataError",
    "MmrunError",
    "StrategyError",
    "UsageError",
    "check",
    "load",
    "quote",
    "run",
]
