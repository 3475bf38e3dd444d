"""The page `docs/language.md`, written from the tables of functions and names.

`make golden` writes it anew, and a test holds the file to what is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import fill

from mmrun.lang.functions import FUNCTIONS
from mmrun.lang.names import NAMES, VENUE_NAMES, Named
from mmrun.lang.nodes import Stage, Ticks
from mmrun.lang.scope import describe
from mmrun.lang.signatures import Category, Function, Result, WarmUp
from mmrun.lang.whose import CALLED


_HEAD = """\
# The formula language

<!-- Written from mmrun/lang/functions.py and mmrun/lang/names.py by `make golden`. -->

A formula is a number or a condition, computed at every row of the tape: arithmetic,
comparisons, names, functions. It has no strings, no assignment and no code of its own,
at most 2,000 characters, 64 levels and 500 nodes; all formulas of a file together have
at most 150,000 characters.

Precedence, low to high: `x if c else y`, `or`, `and`, `not`, comparisons (one at a
time), `+ -`, `* / %`, unary `-`, `**` (from the right), calls. `/` divides as floats
do: 1/0 is infinite, 0/0 is missing.

## Units

Numbers are ratios, prices, sizes, times, or products of their powers: `mid * inventory`
is money, `volatility(mid, 5min)` is in price/sqrt(time). A literal has its unit glued
on: `5bps 1pct 2tick 10lot 250ms 5s 1min 1h`. What is added, compared or chosen between
must have one unit, with these conversions, which `mmrun explain FILE` shows:

- **Relative prices** are ratios of a price: bps and pct, params with `unit: bps`,
  returns. Beside a price, or in a field that is one, they are taken of `mid`:
  `max(3bps, 1tick)`, `half_spread: 5bps`. They stay relative in `+ - abs min max clip
  coalesce if`, in means and lags and the like, and times a ratio; a price times one is
  a price.
- **Bare numbers**, and params without `unit:`, take the unit of what they meet in
  `+ - % min max clip coalesce if`, comparisons and their field. 0 fits everything. In
  products they are ratios.
- `1 + 10*vol` beside a relative price is a growth factor, a plain ratio. Any other bare
  number beside a relative price, or as `half_spread`, is an error: 5 and 5bps are
  10,000-fold apart.
- `sqrt` halves a unit, so sigma in `price/sqrt(s)` times `sqrt(5s)` is a price. `exp`,
  `log` and `tanh` take ratios, `**` a constant exponent, or of ratios one of `level`.

`units: off` in the file turns unit errors into warnings.

## Time and missing values

- A formula sees its row and what came before. A function over time *ticks* at the rows
  that show its input anew (quote names at book rows, trade names at trades) and keeps
  its value in between. A window `(t - w, t]` loses what is too old at every row.
- A window is a time or a count of ticks, as a literal or a param: `mean(mid, 5s)`,
  `mean(mid, 20)`. A count of ticks has no value until that many were seen.
- Bars are those of the clock, in UTC: with `bar=1min` one ends at every full minute.
- Functions over time take market data; of own state, `prev(x)` is the value at the last
  quote.
- **Missing** is not zero and not false. Arithmetic and comparisons with it are missing;
  `missing and false` is false, `missing or true` is true. A side whose price or size is
  missing is not quoted. `coalesce(x, 0)` says what to take instead.
"""
_SOURCES = """\
## Venues and other instruments

Names without a dot are of all venues that are quoted: the consolidated book, every trade,
the one inventory. Before a dot stands whose:

- `venue.mid` is of the venue being quoted. A formula that says `venue`, or reads a let
  that does, is computed for each venue, and so are the quotes; all else is computed
  once. On one venue `venue.x` is `x`. `risk.target_inventory` is one for all venues and
  may not read it.
- `NASDAQ.mid` is of that venue, written as the dataset writes it, whichever is quoted. A
  venue that is in the data and not under `venues:` can be read so too: its market is
  joined in, and it is not quoted.
- `spy.mid` is of another instrument of the same dataset, where the file says
  `references: {spy: {symbol: SPY}}`: at all of its venues, as a consolidated book.

A venue's book is its own, as it was shown last, halted or silent or not. What is of a
venue or reference ticks at its rows alone: `mean(venue.mid, 20)` are its last twenty book
rows. Functions of a series take such names (`mean(spy.mid, 5s)`, `ret(NASDAQ.last_price)`,
also mixed: `mean(venue.mid - mid, 5s)`); those that read the tape or own fills themselves
are called of it (`venue.trade_imbalance(1s)`, `spy.ofi(5s)`, `venue.fills(10s)`).

Rows of what is not quoted are no events of the run and no rows of its book. They are as
clock rows: windows, ages and quotes move on at them (`requote: {on: any}`), but they are
neither `quote` nor `trade` in `sample`, `age` and `requote`. `NASDAQ.age(trade)` is of a
source's own rows; `sample` goes by those of all that is quoted. At one time they come after
the rows of what is quoted. Before their first row their names are missing; rows from
before the first of what is quoted are looked at, those after its last are not. Silence,
heartbeats and `stale_after` are of what is quoted. A relative price beside a venue's price
is taken of `mid`, as everywhere.
"""
_GIVES: dict[Result, str] = {
    "same": "as x",
    "meet": "what all are",
    "root": "root of x's unit",
    "ratio_of_ratio": "ratio, of a ratio",
    "plain": "ratio",
    "condition": "condition",
    "return": "relative price if x is a price, else ratio",
    "per_root_time": "x/sqrt(time)",
    "price": "price",
    "size": "size",
    "time": "time",
    "price_per_size": "price/size",
    "per_time": "1/time",
    "relative": "relative price",
}
_MISSING: dict[WarmUp, str] = {
    "never": "never; 0 when empty",
    "empty": "while its window is empty",
    "first": "before the first observation",
    "ticks": "before so many ticks, or so long",
    "whole": "until the whole window has passed",
    "buckets": "until so many buckets are full",
    "fills": "before `min_fills` such fills",
    "quoted": "where nothing rested in the window",
}
_LENGTHS = {"window", "time", "decay", "count", "bucket"}
_UPDATED = {Ticks.BOOK: "book rows", Ticks.TRADE: "trades", Ticks.ANY: "every row"}
_SECTIONS: tuple[tuple[Category, str, str], ...] = (
    ("pointwise", "Pointwise", "numexpr, or the residual where own state is read"),
    ("over_time", "Over time", "a kernel whose state is carried from row to row"),
    ("order_flow", "Order flow", "such kernels, over book rows and trades themselves"),
    ("own_fills", "Own fills", "the run's own loop, which keeps the fills they are of"),
    ("special", "Rows, the book and the last quote", "columns, or the residual"),
)


def page() -> str:
    """The whole page, Markdown."""
    parts = [_HEAD, _names(), _SOURCES, _sources(), "## Functions\n"]
    parts += [_section(*section) for section in _SECTIONS]
    return "\n".join([*parts, _later()])


def _names() -> str:
    rows = [row for row in NAMES.values() if row.supported]
    lines = ["## Names\n", *_table(("name", "unit", "updated at", "meaning"))]
    lines += [_name(row) for row in rows]
    lines += [
        "| `bid_2` `ask_3` ... | price | book rows | price of a deeper level |",
        "| `bid_size_2` `ask_size_3` ... | size | book rows | size of a deeper level |",
    ]
    return "\n".join([*lines, ""])


def _name(row: Named) -> str:
    by_group = {"quote field": "quotes", "own state": "own events"}
    fixed = "fixed" if row.stage is Stage.PARAM else ""
    updated = fixed or _UPDATED.get(row.ticks) or by_group[row.group]
    return f"| `{row.name}` | {describe(row.type)} | {updated} | {row.doc} |"


def _sources() -> str:
    """What there is of a venue and of a reference."""
    rows = [row for row in NAMES.values() if row.of == "market" and row.supported]
    market = [f"`{row.name}`" for row in rows]
    own = [f"`{name}`" for name, row in NAMES.items() if row.of == "venue"]
    called = [f"`{name}`" for name in FUNCTIONS if name in CALLED]
    flows = [n for n in called if FUNCTIONS[n.strip("`")].category != "own_fills"]
    fills = [n for n in called if n not in flows]
    costs = " and ".join(f"`{name}`" for name in VENUE_NAMES)
    said = (
        f"Of a venue and of a reference: {', '.join(market)}, deeper levels, and the "
        f"functions {', '.join(flows)}. Of a venue that is quoted besides: "
        f"{', '.join(own)}, the functions {', '.join(fills)}, and {costs}, its fees as "
        "prices: a fee in bps at the mid, one a share or contract itself (over the "
        "multiplier); a cost is positive, a rebate negative. `venue.inventory` is what was "
        "bought and sold at the venue."
    )
    return fill(said, 88, break_long_words=False, break_on_hyphens=False) + "\n"


def _section(category: Category, title: str, how: str) -> str:
    rows = [f for f in FUNCTIONS.values() if f.category == category]
    lines = [f"### {title}\n", f"Computed by {how}.\n"]
    if category == "pointwise":
        lines += _table(("function", "gives", "what", "example"))
        lines += [
            f"| `{f.signature}` | {_gives(f)} | {f.doc} | `{f.example}` |" for f in rows
        ]
    else:
        head = ("function", "gives", "what", "looks back", "missing", "example")
        lines += [*_table(head), *map(_over_time, rows)]
    return "\n".join([*lines, ""])


def _over_time(function: Function) -> str:
    what = function.doc
    if function.definition:
        what += f": {function.definition}"
    cells = (
        f"`{function.signature}`",
        _gives(function),
        what.replace("|", "\\|"),
        _looks_back(function),
        _MISSING[function.warm_up]
        if function.look_back != "none"
        else "where not shown",
        f"`{function.example}`",
    )
    return f"| {' | '.join(cells)} |"


def _gives(function: Function) -> str:
    return _GIVES[function.result]


def _looks_back(function: Function) -> str:
    lengths = [f"`{p.name}`" for p in function.parameters if p.kind in _LENGTHS]
    if lengths:
        return ", ".join(lengths)
    return {"none": "no", "ticks": "one tick, or quote"}.get(
        function.look_back, "the last row"
    )


def _later() -> str:
    later = [f"`{name}`" for name, row in NAMES.items() if not row.supported]
    return (
        "## Not yet\n\nThe language has these too, and `mmrun check` says that they are not "
        f"supported yet: {', '.join(later)}.\n"
    )


def _table(head: Iterable[str]) -> Iterator[str]:
    cells = tuple(head)
    yield f"| {' | '.join(cells)} |"
    yield f"| {' | '.join('---' for _ in cells)} |"
