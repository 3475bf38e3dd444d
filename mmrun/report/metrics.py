"""The metrics of a summary: one row a metric, in the order they are written.

A row holds what the metric is called, its unit, what it means and where the definition
comes from, and a function of the run. A function that returns None has no value for
that run, and the row says why: a rate without a denominator is never 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mmrun.engine.records import OrderEvent, Recording, Rule
from mmrun.ledger.accounting import Statement
from mmrun.ledger.entries import Entries
from mmrun.report.by_level import by_level
from mmrun.report.by_venue import by_venue, unquoted
from mmrun.report.daily import daily
from mmrun.report.facts import RunFacts, Watched


Unit = Literal["money", "size", "bps", "ratio", "count", "s", "text", "whole", "table"]
#: What a summary holds under a key: a number, a text, or a mapping of them.
Value = Any

_NS = 1e9
_BPS = 1e4
_SIDES = ("bid", "ask")


@dataclass(frozen=True, slots=True)
class Run:
    """What a metric may look at."""

    recording: Recording
    book: Entries
    account: Statement
    facts: RunFacts


@dataclass(frozen=True, slots=True)
class Metric:
    """One key of a summary."""

    key: str
    unit: Unit
    doc: str  #: definition, with its source where it is somebody's
    of: Callable[[Run], Value]
    reason: str = ""  #: why there is no value when `of` gives None
    optional: bool = False  #: left out where `of` gives None: it has no meaning there


def _ratio(above: float, below: float, scale: float = 1.0) -> float | None:
    return float(above) / float(below) * scale if below else None


def _count_side(run: Run, side: int) -> int:
    return int(np.count_nonzero(run.recording.fills["side"] == side))


def _volume(run: Run) -> float:
    return float(run.recording.fills["size"].sum())


def _notional(run: Run) -> float:
    return float(run.book.value.sum())


def _fill_ratio(run: Run) -> float | None:
    orders = run.recording.orders
    placed = np.isin(orders["event"], (OrderEvent.NEW, OrderEvent.REPLACE))
    return _ratio(_volume(run), float(orders["size"][placed].sum()))


def _mean_abs_inventory(run: Run) -> float | None:
    totals = run.recording.totals
    return _ratio(totals.abs_inventory_ns, totals.last_ts - totals.first_ts)


def _turnover(run: Run) -> float | None:
    return _ratio(_volume(run), _mean_abs_inventory(run) or 0.0)


def _side_uptime(run: Run, side: int) -> float | None:
    totals = run.recording.totals
    return _ratio(totals.rule_ns[side, Rule.QUOTED], totals.session_ns)


def _watched(each: Watched) -> dict[str, Any]:
    return {
        "name": each.name,
        "symbol": each.symbol,
        "venues": list(each.venues),
        "rows": each.rows,
    }


def _time_at_touch(run: Run) -> float | None:
    totals = run.recording.totals
    return _ratio(totals.touch_ns.sum(), len(_SIDES) * totals.session_ns)


_NO_FILLS = "no fills"
_NO_TIME = "no time passed"
_NO_SESSION = "the session has no length"

#: Every key of a summary in its order, `version` before and `reasons` after them.
METRICS: tuple[Metric, ...] = (
    Metric("strategy", "text", "Name of the strategy.", lambda r: r.facts.strategy),
    Metric("symbol", "text", "What was traded.", lambda r: r.facts.symbol),
    Metric("venue", "text", "Where it was traded.", lambda r: r.facts.venue),
    Metric("currency", "text", "Currency of all money.", lambda r: r.facts.currency),
    Metric(
        "timezone",
        "text",
        "The dataset's time zone, in which reports say times.",
        lambda r: r.facts.timezone,
    ),
    Metric(
        "net_pnl",
        "money",
        "Cash + position times the final mid - fees + rebates, from the fills alone.",
        lambda r: r.account.attribution.net,
    ),
    Metric(
        "spread_pnl",
        "money",
        "Sum of side * size * (mid at the fill - price): edge against the mid. Half an"
        " effective spread seen from the maker (17 CFR 242.600, sign reversed).",
        lambda r: r.account.attribution.spread,
    ),
    Metric(
        "inventory_pnl",
        "money",
        "Sum of position * change of the mid, over every change of the mid.",
        lambda r: r.account.attribution.inventory,
    ),
    Metric(
        "fees",
        "money",
        "Fees paid, a positive cost.",
        lambda r: r.account.attribution.fees,
    ),
    Metric(
        "rebates",
        "money",
        "Rebates received, positive.",
        lambda r: r.account.attribution.rebates,
    ),
    Metric(
        "attribution_residual",
        "ratio",
        "(net - (spread + inventory - fees + rebates)) over the largest magnitude among"
        " those five and the gross traded edge. The books add up below 1e-9.",
        lambda r: r.account.attribution.residual,
    ),
    Metric(
        "realized_pnl",
        "money",
        "Realised against average cost, before fees and rebates.",
        lambda r: r.account.realized,
    ),
    Metric(
        "unrealized_pnl",
        "money",
        "What closing the last position at the final mid would add.",
        lambda r: r.account.unrealized,
    ),
    Metric("fills", "count", "Fills, partial ones too.", lambda r: len(r.book)),
    Metric("buy_fills", "count", "Fills that bought.", lambda r: _count_side(r, 1)),
    Metric("sell_fills", "count", "Fills that sold.", lambda r: _count_side(r, -1)),
    Metric("fill_volume", "size", "Size traded, buys and sells added.", _volume),
    Metric(
        "fill_notional",
        "money",
        "Value traded: sum of size * price * multiplier, buys and sells added.",
        _notional,
    ),
    Metric(
        "spread_capture_bps",
        "bps",
        "spread_pnl / fill_notional: edge against the mid for each unit traded.",
        lambda r: _ratio(r.account.attribution.spread, _notional(r), _BPS),
        _NO_FILLS,
    ),
    Metric(
        "net_edge_bps",
        "bps",
        "net_pnl / fill_notional: what was kept of each unit traded (hftbacktest's"
        " return over trade).",
        lambda r: _ratio(r.account.attribution.net, _notional(r), _BPS),
        _NO_FILLS,
    ),
    Metric(
        "fill_ratio",
        "ratio",
        "By quantity: size filled / size of all new and replacing orders the venue"
        " accepted. What a replacing order takes over from the old one counts again.",
        _fill_ratio,
        "no orders",
    ),
    Metric(
        "orders",
        "count",
        "New and replace requests the venue accepted.",
        lambda r: r.recording.totals.orders,
    ),
    Metric("cancels", "count", "Cancels.", lambda r: r.recording.totals.cancels),
    Metric(
        "rejects",
        "count",
        "Requests the venue rejected.",
        lambda r: r.recording.totals.rejects,
    ),
    Metric(
        "order_to_trade_ratio",
        "ratio",
        "orders / fills; cancels are not counted.",
        lambda r: _ratio(r.recording.totals.orders, len(r.book)),
        _NO_FILLS,
    ),
    Metric(
        "final_inventory",
        "size",
        "Position at the end; short is negative.",
        lambda r: r.recording.totals.final_inventory,
    ),
    Metric(
        "mean_abs_inventory",
        "size",
        "Time-weighted mean of |position| from the first event to the end.",
        _mean_abs_inventory,
        _NO_TIME,
    ),
    Metric(
        "max_abs_inventory",
        "size",
        "Largest |position|.",
        lambda r: r.recording.totals.max_abs_inventory,
    ),
    Metric(
        "turnover",
        "ratio",
        "Value traded, buys and sells added, / time-weighted mean |position value|, both"
        " at the run's average fill price: fill_volume / mean_abs_inventory.",
        _turnover,
        "no position was ever held",
    ),
    Metric(
        "max_drawdown",
        "money",
        "Largest fall of net P&L from an earlier peak, seen at every event; positive.",
        lambda r: r.recording.totals.max_drawdown,
    ),
    Metric(
        "daily",
        "table",
        "net_pnl and fills of each session's date; without sessions, of each day of UTC."
        " P&L is read at the last point of the equity grid up to the day's end; what comes"
        " between days counts to the day before.",
        lambda r: daily(r.recording, r.facts.days, r.account.attribution.net),
    ),
    Metric(
        "quote_uptime",
        "ratio",
        "Share of the session with both sides resting (Regulation (EU) 2017/578, Art. 2,"
        " without its conditions on size and spread).",
        lambda r: _ratio(r.recording.totals.both_ns, r.recording.totals.session_ns),
        _NO_SESSION,
    ),
    Metric(
        "bid_uptime",
        "ratio",
        "Share of the session with a bid resting.",
        lambda r: _side_uptime(r, 0),
        _NO_SESSION,
    ),
    Metric(
        "ask_uptime",
        "ratio",
        "Share of the session with an ask resting.",
        lambda r: _side_uptime(r, 1),
        _NO_SESSION,
    ),
    Metric(
        "time_at_touch",
        "ratio",
        "Share of the session resting at the market's best price; mean of both sides.",
        _time_at_touch,
        _NO_SESSION,
    ),
    Metric(
        "unquoted_time_s",
        "s",
        "Seconds not quoted, for each side and rule; with the time quoted each side sums"
        " to session_s. Rules that took no time are left out.",
        lambda r: unquoted(r.recording.totals.rule_ns, r.recording.rules),
    ),
    Metric(
        "rule_events",
        "count",
        "How many times each rule of `toxicity`, and each limit of `risk` that says"
        " `then`, came into force.",
        lambda r: {rule.name: rule.events for rule in r.recording.totals.own_rules},
    ),
    Metric(
        "rule_unknown_s",
        "s",
        "Seconds of the session in which a rule's condition had no value, and so was not"
        " met; rules that always had one are left out.",
        lambda r: {
            rule.name: rule.unknown_ns / _NS
            for rule in r.recording.totals.own_rules
            if rule.unknown_ns
        },
    ),
    Metric(
        "venues",
        "table",
        "Of a run on several venues, each: its fills, their spread_pnl, fees and"
        " rebates, and the time quoted there. Inventory is one over all.",
        lambda r: by_venue(r.recording, r.book),
        optional=True,
    ),
    Metric(
        "levels",
        "table",
        "Of a run with several quotes a side, each level: its fills, their spread_pnl,"
        " fees and rebates, and the time quoted at it, all from level 0 outward.",
        lambda r: by_level(r.recording, r.book),
        optional=True,
    ),
    Metric(
        "absent_venues",
        "table",
        "Venues of the strategy that the data does not have: they take no part.",
        lambda r: list(r.facts.absent_venues) or None,
        optional=True,
    ),
    Metric(
        "references",
        "table",
        "What formulas read and is not quoted, each: its name in them, the symbol and its"
        " venues, and its rows, which are no events.",
        lambda r: [_watched(each) for each in r.facts.watched] or None,
        optional=True,
    ),
    Metric(
        "session_s",
        "s",
        "Length of the time uptimes are shares of.",
        lambda r: r.recording.totals.session_ns / _NS,
    ),
    Metric(
        "events",
        "count",
        "Rows of the tape, clock rows not counted.",
        lambda r: r.recording.totals.events,
    ),
    Metric("quotes", "count", "Book rows.", lambda r: r.recording.totals.quotes),
    Metric("trades", "count", "Trade rows.", lambda r: r.recording.totals.trades),
    Metric(
        "inferred_trades",
        "count",
        "Trades whose aggressor the trade sign policy inferred.",
        lambda r: r.recording.totals.signed_trades,
    ),
    Metric(
        "unknown_trades",
        "count",
        "Trades whose aggressor stayed unknown: they fill nobody.",
        lambda r: r.recording.totals.unknown_trades,
    ),
    Metric(
        "span_s",
        "s",
        "Time from the first event to the end.",
        lambda r: (r.recording.totals.last_ts - r.recording.totals.first_ts) / _NS,
    ),
    Metric("fill_model", "text", "How fills happen.", lambda r: r.facts.fill_model),
    Metric(
        "latency",
        "s",
        "Assumed latency: feed, order, cancel, response.",
        lambda r: dict(r.facts.latency),
    ),
    Metric("fee_terms", "text", "Fees as agreed.", lambda r: r.facts.fee_terms),
    Metric(
        "input_terms",
        "text",
        "Columns of the user's own that were joined, and what was done with them.",
        lambda r: r.facts.input_terms,
    ),
    Metric(
        "trade_sign_policy",
        "text",
        "How a trade of unknown aggressor is signed.",
        lambda r: r.facts.trade_sign_policy,
    ),
    Metric(
        "tie_rule",
        "text",
        "Which mid stands beside a print.",
        lambda r: r.facts.tie_rule,
    ),
    Metric(
        "engine_version",
        "text",
        "Version of mmrun.",
        lambda r: r.facts.engine_version,
    ),
    Metric(
        "strategy_hash",
        "text",
        "Hash of the resolved strategy.",
        lambda r: r.facts.strategy_hash,
    ),
    Metric(
        "data_hash", "text", "Hash of the market data.", lambda r: r.facts.data_hash
    ),
    Metric("seed", "whole", "Seed of the run's generator.", lambda r: r.facts.seed),
)
