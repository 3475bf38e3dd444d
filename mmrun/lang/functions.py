"""Every function of the language, in one table.

A row says how a function is called (`parameters`), what its result is (`result`, a rule
of `results.RESULTS`), how far it looks back, what it depends on, and shows one use. The
checker, `explain`, the completion and the documentation all read these rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mmrun.lang.names import NAMES
from mmrun.lang.nodes import Expr, Stage, Ticks


Category = Literal["pointwise", "over_time", "order_flow", "special"]
Kind = Literal[
    "number",  # any number
    "any",  # a number or a condition
    "series",  # a number of market data
    "any_series",  # a number or a condition of market data
    "window",  # a time or a count of ticks, a literal or a param
    "time",  # a time, a literal or a param
    "decay",  # a number between 0 and 1, a literal or a param
    "rows",  # the word trade or quote
    "back",  # of prev: market data, own state, or a quote field's name
]
#: How a result's type follows from the arguments'; see `results.RESULTS`.
Result = Literal[
    "same",  # as x
    "meet",  # what all arguments agree on
    "root",  # half the powers
    "ratio_of_ratio",  # takes a ratio, gives a plain one
    "plain",  # a plain ratio
    "condition",
    "return",  # a relative price if x is a price, else a plain ratio
    "per_root_time",  # x per sqrt(time)
    "size",
    "time",
]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `optional` ones have a `default` or are alternatives."""

    name: str
    kind: Kind
    optional: bool = False
    default: float | None = None
    many: bool = False  #: takes this and all further positional arguments

    def __str__(self) -> str:
        if self.many:
            return f"{self.name}, ..."
        if self.default is not None:
            return f"{self.name}={self.default:g}"
        return f"{self.name}=..." if self.optional else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A row of the table."""

    name: str
    category: Category
    parameters: tuple[Parameter, ...] = ()
    result: Result = "same"
    look_back: Literal["none", "ticks", "window", "all"] = "none"
    stage: Stage = Stage.CONSTANT  #: at least this; else the largest of the arguments'
    ticks: Ticks = Ticks.NEVER  #: of functions that read the tape themselves
    doc: str
    example: str
    supported: bool = True
    reads: tuple[str, ...] = ()  #: market names that are inputs without being written

    @property
    def over_time(self) -> bool:
        """Whether it carries state from row to row."""
        return self.look_back != "none" and self.name not in {"prev", "age"}

    def split(self, args: Sequence[Expr]) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
        """The arguments of a checked call as inputs and window lengths.

        Inputs are what is observed row by row, the names in `reads` among them; a
        decay counts as a window length.
        """
        observed = int(self.parameters[0].kind in {"series", "any_series"})
        leaves = tuple(NAMES[name].leaf(0, 0) for name in self.reads)
        return (*args[:observed], *leaves), tuple(args[observed:])

    @property
    def signature(self) -> str:
        """`ewma(x, half_life=..., decay=...)`."""
        return f"{self.name}({', '.join(map(str, self.parameters))})"


_X = Parameter("x", "number")
_Y = Parameter("y", "number")
_SERIES = Parameter("x", "series")
_ANY_SERIES = Parameter("x", "any_series")
_WINDOW = Parameter("window", "window")
_TIME = Parameter("window", "time")
_BY = Parameter("by", "window", optional=True, default=1.0)
_ROWS = Parameter("rows", "rows")


def _pointwise(
    name: str, result: Result, doc: str, example: str, *parameters: Parameter
) -> Function:
    return Function(
        name=name,
        category="pointwise",
        parameters=parameters or (_X,),
        result=result,
        doc=doc,
        example=example,
    )


def _over_time(
    name: str, result: Result, doc: str, example: str, *parameters: Parameter
) -> Function:
    return Function(
        name=name,
        category="over_time",
        parameters=parameters,
        result=result,
        look_back="window" if _BY not in parameters else "ticks",
        stage=Stage.DATA,
        doc=doc,
        example=example,
    )


def _order_flow(
    name: str, result: Result, doc: str, example: str, *reads: str
) -> Function:
    return Function(
        name=name,
        category="order_flow",
        parameters=(_TIME,),
        result=result,
        look_back="window",
        stage=Stage.DATA,
        ticks=Ticks.TRADE,
        doc=doc,
        example=example,
        reads=reads,
    )


def _later(name: str, category: Category, doc: str, example: str) -> Function:
    return Function(
        name=name, category=category, doc=doc, example=example, supported=False
    )


_POINTWISE = (
    _pointwise("abs", "same", "absolute value", "abs(inventory)"),
    _pointwise("sign", "plain", "1, 0 or -1", "sign(inventory)"),
    _pointwise("sqrt", "root", "square root; halves the unit", "sqrt(5s)"),
    _pointwise("exp", "ratio_of_ratio", "e to the power x", "exp(-load)"),
    _pointwise("log", "ratio_of_ratio", "natural logarithm", "log(mid / fair)"),
    _pointwise("tanh", "ratio_of_ratio", "hyperbolic tangent", "tanh(3 * load)"),
    _pointwise("floor", "same", "whole number below", "floor(mid / 1tick)"),
    _pointwise("ceil", "same", "whole number above", "ceil(mid / 1tick)"),
    _pointwise("round", "same", "nearest whole, halves to even", "round(mid / 1tick)"),
    _pointwise(
        "min", "meet", "smallest", "min(spread, 3tick)", _X, Parameter("y", "number", many=True)
    ),
    _pointwise(
        "max", "meet", "largest", "max(3bps, 1tick)", _X, Parameter("y", "number", many=True)
    ),
    _pointwise(
        "clip", "meet", "x kept between low and high", "clip(load, -1, 1)",
        _X, Parameter("low", "number"), Parameter("high", "number"),
    ),
    _pointwise(
        "missing", "condition", "whether x has no value; never missing itself",
        "missing(last_price)", Parameter("x", "any"),
    ),
    _pointwise(
        "coalesce", "meet", "x, or y where x is missing", "coalesce(last_price, mid)",
        Parameter("x", "any"), Parameter("y", "any"),
    ),
)  # fmt: skip

_OVER_TIME = (
    _over_time(
        "lag", "same", "x so many ticks or so long ago", "lag(mid, 5s)",
        _ANY_SERIES, _BY,
    ),
    Function(
        name="prev",
        category="special",
        parameters=(Parameter("x", "back"),),
        look_back="ticks",
        doc="market data one tick ago; own state or a quote field at the last quote",
        example="prev(half_spread)",
    ),
    _over_time(
        "delta", "same", "x less its value so many ticks or so long ago",
        "delta(mid, 1s)", _SERIES, _BY,
    ),
    _over_time(
        "ret", "return", "x over its value so many ticks or so long ago, less 1",
        "ret(last_price)", _SERIES, _BY,
    ),
    _over_time("mean", "same", "mean of the observations", "mean(mid, 5s)", _SERIES, _WINDOW),
    _over_time(
        "std", "same", "standard deviation of the observations, ddof 0",
        "std(ret(last_price), 5s)", _SERIES, _WINDOW,
    ),
    _over_time("sum", "same", "sum of the observations", "sum(last_size, 5s)", _SERIES, _WINDOW),
    _over_time(
        "count", "plain", "number of observations", "count(last_price, 5s)", _SERIES, _WINDOW
    ),
    _over_time(
        "ewma", "same", "exponential average by half-life, or by decay a tick",
        "ewma(mid, 5s)", _SERIES,
        Parameter("half_life", "time", optional=True),
        Parameter("decay", "decay", optional=True),
    ),
    _over_time(
        "volatility", "per_root_time", "sqrt(sum of squared changes / window)",
        "volatility(mid, 5min) * sqrt(5s)", _SERIES, _TIME,
    ),
    _over_time(
        "realized_vol", "return", "sqrt(sum of squared log returns) over the window",
        "realized_vol(mid, 5min)", _SERIES, _TIME,
    ),
    _over_time(
        "sample", "same", "x as of the last trade or book row, held",
        "sample(std(ret(last_price), 5s), trade)", _ANY_SERIES, _ROWS,
    ),
)  # fmt: skip

_ORDER_FLOW = (
    _order_flow(
        "trade_imbalance",
        "plain",
        "size bought less size sold by aggressors, over both; 0 when nothing traded",
        "trade_imbalance(1s)",
        "last_size",
        "last_side",
    ),
    _order_flow("trades", "plain", "number of trades", "trades(1s)"),
    _order_flow("volume", "size", "size traded", "volume(1min)", "last_size"),
)

_SPECIAL = (
    Function(
        name="age",
        category="special",
        parameters=(_ROWS,),
        result="time",
        look_back="all",
        stage=Stage.DATA,
        ticks=Ticks.ANY,
        doc="time since the last book row or trade",
        example="age(quote)",
    ),
)

#: In the language's design, not built yet: known, and refused by that name.
_LATER = (
    _later("log_ret", "over_time", "log return", "log_ret(mid)"),
    _later("twap", "over_time", "time-weighted mean", "twap(mid, 1min)"),
    _later("min_over", "over_time", "smallest observation", "min_over(mid, 1min)"),
    _later("max_over", "over_time", "largest observation", "max_over(mid, 1min)"),
    _later("ewm_std", "over_time", "exponential deviation", "ewm_std(mid, 5s)"),
    _later("zscore", "over_time", "(x - mean) / std", "zscore(mid, 5min)"),
    _later("parkinson", "over_time", "range volatility", "parkinson(mid, bar=1min, bars=30)"),
    _later("signed_volume", "order_flow", "size bought less sold", "signed_volume(5s)"),
    _later("vwap", "order_flow", "volume-weighted price", "vwap(1min)"),
    _later("ofi", "order_flow", "order flow imbalance", "ofi(5s)"),
    _later("vpin", "order_flow", "volume-bucket imbalance", "vpin(bucket=1000, buckets=50)"),
    _later("kyle_lambda", "order_flow", "price impact of size", "kyle_lambda(5min, bar=1s)"),
    _later("fills", "special", "own fills", "fills(10s)"),
    _later("bid_fills", "special", "own fills on the bid", "bid_fills(10s)"),
    _later("ask_fills", "special", "own fills on the ask", "ask_fills(10s)"),
    _later("fill_rate", "special", "own fills per second quoted", "fill_rate(1min)"),
    _later("own_markout", "special", "mid after own fills", "own_markout(5s, over=30min)"),
    _later("depth", "special", "size near the touch", "depth(bid, 5tick)"),
)  # fmt: skip

#: Name to row, in the order of the documentation.
FUNCTIONS: dict[str, Function] = {
    row.name: row for row in _POINTWISE + _OVER_TIME + _ORDER_FLOW + _SPECIAL + _LATER
}
#: What other languages call it.
OTHER_WORDS = {
    "where": "write x if condition else y",
    "iff": "write x if condition else y",
    "pow": "write x ** n",
    "ln": "did you mean log?",
    "ema": "did you mean ewma?",
    "sma": "did you mean mean?",
    "avg": "did you mean mean?",
    "average": "did you mean mean?",
    "stdev": "did you mean std?",
    "stddev": "did you mean std?",
    "shift": "did you mean lag?",
    "diff": "did you mean delta?",
    "isnan": "did you mean missing?",
    "fillna": "did you mean coalesce?",
    "minimum": "did you mean min?",
    "maximum": "did you mean max?",
    "clamp": "did you mean clip?",
}
