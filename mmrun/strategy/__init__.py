"""Strategy files: YAML text to a frozen `Strategy`, with every problem placed.

Takes a path and the -s overrides; gives the records of `spec`, whose formulas are still
text with places, and `Problem`s. `reading` is the flow; the file format is
`schemas/strategy.schema.json`.
"""

from mmrun.strategy.codes import CODES
from mmrun.strategy.extends import files_behind
from mmrun.strategy.partial import formulas_in
from mmrun.strategy.reading import read_strategy, resolve
from mmrun.strategy.spec import Strategy


__all__ = [
    "CODES",
    "Strategy",
    "files_behind",
    "formulas_in",
    "read_strategy",
    "resolve",
]
