"""Every function of the language, in one table.

A row says how a function is called (`parameters`), what its result is (`result`, a rule
of `results.RESULTS`), how far it looks back, what it depends on, and shows one use. The
checker, `explain`, the completion and `docs/language.md` all read these rows.
"""

from __future__ import annotations

from mmrun.lang.nodes import Stage, Ticks
from mmrun.lang.signatures import Function, Parameter, Result, WarmUp


_X = Parameter("x", "number")
_Y = Parameter("y", "number")
_SERIES = Parameter("x", "series")
_ANY_SERIES = Parameter("x", "any_series")
_WINDOW = Parameter("window", "window")
_TIME = Parameter("window", "time")
_BY = Parameter("by", "window", optional=True, default="1")
_ROWS = Parameter("rows", "rows")
_DECAYS = (
    Parameter("half_life", "time", optional=True),
    Parameter("decay", "decay", optional=True),
)


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
    name: str,
    result: Result,
    doc: str,
    example: str,
    *parameters: Parameter,
    definition: str = "",
    warm_up: WarmUp = "empty",
) -> Function:
    return Function(
        name=name,
        category="over_time",
        parameters=parameters,
        result=result,
        look_back="window" if _BY not in parameters else "ticks",
        stage=Stage.DATA,
        warm_up=warm_up,
        doc=doc,
        definition=definition,
        example=example,
    )


def _order_flow(
    name: str,
    result: Result,
    doc: str,
    example: str,
    *parameters: Parameter,
    reads: tuple[str, ...] = (),
    ticks: Ticks = Ticks.TRADE,
    definition: str = "",
    warm_up: WarmUp = "never",
) -> Function:
    return Function(
        name=name,
        category="order_flow",
        parameters=parameters or (_TIME,),
        result=result,
        look_back="window",
        stage=Stage.DATA,
        ticks=ticks,
        warm_up=warm_up,
        doc=doc,
        definition=definition,
        example=example,
        reads=reads,
    )


def _own_fills(
    name: str,
    result: Result,
    doc: str,
    example: str,
    *parameters: Parameter,
    definition: str = "",
    warm_up: WarmUp = "never",
) -> Function:
    return Function(
        name=name,
        category="own_fills",
        parameters=parameters or (_TIME,),
        result=result,
        look_back="window",
        stage=Stage.STATE,
        warm_up=warm_up,
        doc=doc,
        definition=definition,
        example=example,
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
        _ANY_SERIES, _BY, warm_up="ticks",
    ),
    Function(
        name="prev",
        category="special",
        parameters=(Parameter("x", "back"),),
        look_back="ticks",
        warm_up="ticks",
        doc="market data one tick ago; own state or a quote field at the last quote",
        example="prev(half_spread)",
    ),
    _over_time(
        "delta", "same", "x less its value so many ticks or so long ago",
        "delta(mid, 1s)", _SERIES, _BY, definition="x - lag(x, by)", warm_up="ticks",
    ),
    _over_time(
        "ret", "return", "x over its value so many ticks or so long ago, less 1",
        "ret(last_price)", _SERIES, _BY, definition="x/lag(x, by) - 1", warm_up="ticks",
    ),
    _over_time(
        "log_ret", "return", "log of x over its value so many ticks or so long ago",
        "log_ret(mid, 1s)", _SERIES, _BY, definition="log(x/lag(x, by))", warm_up="ticks",
    ),
    _over_time("mean", "same", "mean of the observations", "mean(mid, 5s)", _SERIES, _WINDOW),
    _over_time(
        "twap", "same", "time-weighted mean of x as it was held, up to the row",
        "twap(mid, 1min)", _SERIES, _TIME,
        definition="∫ x dt over the window / its length; from the first observation on",
        warm_up="first",
    ),
    _over_time(
        "std", "same", "standard deviation of the observations, ddof 0",
        "std(ret(last_price), 5s)", _SERIES, _WINDOW,
        definition="sqrt(Σ (x - mean)² / n); 0 of one observation",
    ),
    _over_time(
        "sum", "same", "sum of the observations", "sum(last_size, 5s)", _SERIES, _WINDOW,
        warm_up="never",
    ),
    _over_time(
        "count", "plain", "number of observations", "count(last_price, 5s)", _SERIES, _WINDOW,
        warm_up="never",
    ),
    _over_time(
        "min_over", "same", "smallest observation", "mid - min_over(mid, 1min)",
        _SERIES, _WINDOW,
    ),
    _over_time(
        "max_over", "same", "largest observation", "max_over(mid, 1min) - mid",
        _SERIES, _WINDOW,
    ),
    _over_time(
        "ewma", "same", "exponential average by half-life, or by decay a tick",
        "ewma(mid, 5s)", _SERIES, *_DECAYS,
        definition="m += (1 - 2**(-dt/half_life))*(x - m), or m = decay*m + (1-decay)*x; "
        "starts at the first x",
        warm_up="first",
    ),
    _over_time(
        "ewm_std", "same", "exponential deviation by half-life, or by decay a tick",
        "ewm_std(mid, 1min)", _SERIES, *_DECAYS,
        definition="sqrt(ewma(x²) - ewma(x)²)", warm_up="first",
    ),
    _over_time(
        "zscore", "plain", "how many deviations x is above its mean; missing where std is 0",
        "zscore(mid, 5min)", _SERIES, _WINDOW,
        definition="(x - mean(x, window)) / std(x, window)", warm_up="whole",
    ),
    _over_time(
        "volatility", "per_root_time", "standard deviation of changes per root of time",
        "volatility(mid, 5min) * sqrt(5s)", _SERIES, _TIME,
        definition="sqrt(Σ Δx² / window)", warm_up="whole",
    ),
    _over_time(
        "realized_vol", "return", "realized volatility over the window's length",
        "realized_vol(mid, 5min)", _SERIES, _TIME,
        definition="sqrt(Σ log_ret(x)²)", warm_up="whole",
    ),
    _over_time(
        "parkinson", "return", "volatility over one bar's length, by the bars' ranges",
        "parkinson(mid, bar=1min, bars=30)", _SERIES,
        Parameter("bar", "time", optional=True, default="1min"),
        Parameter("bars", "count", optional=True, default="30"),
        definition="sqrt(Σ log(high/low)² / bars / (4 log 2)), over the last complete bars of the "
        "clock; a bar opens at the value before it",
        warm_up="whole",
    ),
    _over_time(
        "sample", "same", "x as of the last trade or book row, held",
        "sample(std(ret(last_price), 5s), trade)", _ANY_SERIES, _ROWS, warm_up="first",
    ),
)  # fmt: skip

_SIGNED = ("last_size", "last_side")
_ORDER_FLOW = (
    _order_flow(
        "trade_imbalance", "plain",
        "size bought less size sold by aggressors, over both; 0 when nothing traded",
        "trade_imbalance(1s)", reads=_SIGNED,
        definition="Σ side*size / Σ size",
    ),
    _order_flow(
        "signed_volume", "size", "size bought less size sold by aggressors",
        "signed_volume(5s)", reads=_SIGNED, definition="Σ side*size",
    ),
    _order_flow("trades", "plain", "number of trades", "trades(1s)"),
    _order_flow("volume", "size", "size traded", "volume(1min)", reads=("last_size",)),
    _order_flow(
        "vwap", "price", "volume-weighted average price of the trades", "vwap(1min)",
        reads=("last_price", "last_size"),
        definition="Σ price*size / Σ size", warm_up="empty",
    ),
    _order_flow(
        "ofi", "size", "order flow imbalance at the touch (Cont, Kukanov & Stoikov 2014)",
        "ofi(5s) / (bid_size + ask_size)",
        reads=("bid", "bid_size", "ask", "ask_size"), ticks=Ticks.BOOK,
        definition="Σ of: bid_size where bid >= its last, less the last bid_size where bid <= its "
        "last, less ask_size where ask <= its last, plus the last ask_size where ask >= its last",
    ),
    _order_flow(
        "vpin", "plain", "imbalance of equal-volume buckets, trades split at their edges",
        "vpin(bucket=1000, buckets=50)",
        Parameter("bucket", "bucket"),
        Parameter("buckets", "count", optional=True, default="50"),
        reads=_SIGNED,
        definition="Σ |bought - sold| / (buckets*bucket), over the last full buckets",
        warm_up="buckets",
    ),
    _order_flow(
        "kyle_lambda", "price_per_size",
        "price impact of signed volume (Kyle 1985), by regression over bars",
        "kyle_lambda(5min, bar=1s) * signed_volume(5s)",
        _TIME, Parameter("bar", "time", optional=True, default="1s"),
        reads=("mid", "last_size", "last_side"), ticks=Ticks.BOOK | Ticks.TRADE,
        definition="slope of the change of mid on Σ side*size, with intercept, over the last "
        "complete bars of the clock; missing where volume does not vary",
        warm_up="whole",
    ),
)  # fmt: skip

_SPECIAL = (
    Function(
        name="age",
        category="special",
        parameters=(_ROWS,),
        result="time",
        look_back="all",
        stage=Stage.DATA,
        ticks=Ticks.ANY,
        warm_up="first",
        doc="time since the last book row or trade",
        example="age(quote)",
    ),
    Function(
        name="depth",
        category="special",
        parameters=(Parameter("side", "side"), Parameter("within", "ticks")),
        result="size",
        stage=Stage.DATA,
        ticks=Ticks.BOOK,
        doc="size displayed on a side, no further than so many ticks from its best price",
        example="depth(bid, 5tick)",
    ),
)

_OWN_FILLS = (
    _own_fills("fills", "plain", "number of own fills", "fills(10s)"),
    _own_fills("bid_fills", "plain", "number of fills of our bid", "bid_fills(10s)"),
    _own_fills("ask_fills", "plain", "number of fills of our ask", "ask_fills(10s)"),
    _own_fills(
        "fill_rate", "per_time", "own fills per second quoted", "fill_rate(1min) * 1s",
        definition="fills(window) / time in the window with an order resting",
        warm_up="quoted",
    ),
    _own_fills(
        "own_markout", "relative", "what the mid did after own fills, for us positive",
        "own_markout(5s, over=30min, min_fills=20)",
        Parameter("horizon", "time"),
        Parameter("over", "time", optional=True, default="30min"),
        Parameter("min_fills", "count", optional=True, default="20"),
        definition="Σ side*size*(mid - price) / Σ size*price, mid being that of `horizon` after "
        "each fill, over the fills of the last `over` whose horizon has passed",
        warm_up="fills",
    ),
)  # fmt: skip

#: Name to row, in the order of the documentation.
FUNCTIONS: dict[str, Function] = {
    row.name: row
    for row in _POINTWISE + _OVER_TIME + _ORDER_FLOW + _OWN_FILLS + _SPECIAL
}
#: Functions of own fills: leaves of the residual, which the kernel keeps.
OWN = frozenset(row.name for row in _OWN_FILLS)
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
    "highest": "did you mean max_over?",
    "lowest": "did you mean min_over?",
    "rolling_max": "did you mean max_over?",
    "rolling_min": "did you mean min_over?",
    "rv": "did you mean realized_vol?",
}
