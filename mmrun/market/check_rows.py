"""Checks of single rows: one function a check, and the table that says what they mean.

A function looks at a piece of a tape and gives the rows it is about. The table has the
code, how much of it is how bad, what is said and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mmrun.market.check_finding import (
    Finding,
    Limits,
    Seen,
    Severity,
    Tally,
    length,
    percent,
)
from mmrun.market.check_piece import Flags, Piece
from mmrun.market.grid import on_grid
from mmrun.market.tape import FloatColumn, Kind, Side, Status


JUMP = 8.0  #: a price or size that is so many times another has lost its unit

Judge = Callable[[Tally, Limits], Severity | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCheck:
    """A check of rows, and what is made of its tally."""

    code: str
    look: Callable[[Piece, Limits], Seen]
    judge: Judge
    say: str  #: of count, of, share, worst
    hint: str = ""
    worst: Callable[[float], str] = length  #: how an amount is said


def finding_of(
    check: RowCheck, tally: Tally, limits: Limits, hint: str | None = None
) -> Finding | None:
    """What a check found; None when that is nothing."""
    severity = check.judge(tally, limits) if tally.count else None
    if severity is None:
        return None
    worst = check.worst(tally.worst[0][0]) if tally.worst else ""
    share = percent(tally.share)
    return Finding(
        code=check.code,
        severity=severity,
        message=check.say.format(
            count=tally.count, of=tally.of, share=share, worst=worst
        ),
        hint=check.hint if hint is None else hint,
        count=tally.count,
        of=tally.of,
        first=tally.first,
        worst=tuple(tally.worst),
        hopeless=check.code == "MM521" and severity == "error",
    )


def always(severity: Severity) -> Judge:
    """Any is as bad as many."""
    return lambda _tally, _limits: severity


def by_share(severity: Severity, *, silent: float = 0.0, note: float = 0.0) -> Judge:
    """Nothing up to a share, a note up to another, and above it `severity`."""

    def judge(tally: Tally, _limits: Limits) -> Severity | None:
        if tally.share <= silent:
            return None
        return "note" if tally.share <= note else severity

    return judge


def _judge_crossed(tally: Tally, limits: Limits) -> Severity:
    if tally.share > limits.max_crossed:
        return "error"
    return "warning" if tally.share > 0.01 else "note"


def _judge_silence(tally: Tally, limits: Limits) -> Severity:
    return "warning" if tally.worst[0][0] >= limits.long_silence_ns else "note"


# Time -------------------------------------------------------------------------------


def times_backwards(piece: Piece, _limits: Limits) -> Seen:
    """Rows earlier than the row before."""
    back = (piece.ts_before - piece.ts).astype(np.float64)
    return _seen(back > 0, len(back), amounts=back)


def silences(piece: Piece, limits: Limits) -> Seen:
    """Rows after a silence; what lies between two files is none."""
    quiet = (piece.ts - piece.ts_before).astype(np.float64)
    if piece.opens:
        quiet[0] = 0.0
    return _seen(quiet > limits.max_silence_ns, len(quiet), amounts=quiet)


def shared_times(piece: Piece, _limits: Limits) -> Seen:
    """Rows of the time of the row before."""
    same = piece.ts == piece.ts_before
    if piece.opens:
        same[0] = False
    return _seen(same, len(same))


def sequence_gaps(piece: Piece, _limits: Limits) -> Seen:
    """Status rows that say messages were lost."""
    return _seen(_status(piece, Status.GAP), len(piece.ts))


def halts(piece: Piece, _limits: Limits) -> Seen:
    """Status rows that say trading stopped or changed."""
    return _seen(_status(piece, Status.HALT, Status.AUCTION), len(piece.ts))


# Book -------------------------------------------------------------------------------


def one_sided(piece: Piece, _limits: Limits) -> Seen:
    """Times at which a side is empty."""
    return _seen_times(piece, np.isnan(piece.ended.bid) | np.isnan(piece.ended.ask))


def crossed(piece: Piece, _limits: Limits) -> Seen:
    """Times at which the bid stands above the ask."""
    return _seen_times(piece, piece.ended.bid > piece.ended.ask)


def locked(piece: Piece, _limits: Limits) -> Seen:
    """Times at which bid and ask are equal."""
    return _seen_times(piece, piece.ended.bid == piece.ended.ask)


def off_tick_quotes(piece: Piece, _limits: Limits) -> Seen:
    """Quote and depth prices between ticks."""
    depth = np.where(piece.is_kind(Kind.DEPTH), piece.price, np.nan)
    columns = (piece.bid, piece.ask, depth)
    off = [_off_grid(column, piece.instrument.tick) for column in columns]
    values = np.concatenate([c[o] for c, o in zip(columns, off, strict=True)])
    return _seen(_any(off), _rows_with(columns), values=values)


def off_tick_trades(piece: Piece, _limits: Limits) -> Seen:
    """Trades between ticks."""
    traded = np.where(piece.is_kind(Kind.TRADE), piece.price, np.nan)
    off = _off_grid(traded, piece.instrument.tick)
    return _seen(off, int(np.sum(~np.isnan(traded))))


def prices_below(piece: Piece, _limits: Limits) -> Seen:
    """Prices of zero or less."""
    wrong = (piece.bid <= 0) | (piece.ask <= 0) | (piece.price <= 0)
    return _seen(wrong, len(wrong))


def sizes_below(piece: Piece, _limits: Limits) -> Seen:
    """Sizes of less than zero."""
    wrong = (piece.bid_size < 0) | (piece.ask_size < 0) | (piece.size < 0)
    return _seen(wrong, len(wrong))


def empty_trades(piece: Piece, _limits: Limits) -> Seen:
    """Trades of size 0."""
    trade = piece.is_kind(Kind.TRADE)
    return _seen(trade & (piece.size == 0), int(trade.sum()))


def empty_quotes(piece: Piece, _limits: Limits) -> Seen:
    """Quotes of which a side has a price and size 0."""
    bid = ~np.isnan(piece.bid) & (piece.bid_size == 0)
    ask = ~np.isnan(piece.ask) & (piece.ask_size == 0)
    return _seen(bid | ask, int(piece.is_kind(Kind.QUOTE).sum()))


def missing(piece: Piece, _limits: Limits) -> Seen:
    """Values that a row's kind must have, and infinite ones."""
    trade, depth = piece.is_kind(Kind.TRADE), piece.is_kind(Kind.DEPTH)
    wrong = (trade | depth) & np.isnan(piece.price)
    wrong |= depth & (np.isnan(piece.size) | (piece.side == int(Side.UNKNOWN)))
    for column in (piece.bid, piece.bid_size, piece.ask, piece.ask_size):
        wrong |= np.isinf(column)
    return _seen(wrong | np.isinf(piece.price) | np.isinf(piece.size), len(wrong))


def no_snapshot(piece: Piece, _limits: Limits) -> Seen:
    """Depth rows that change a book nobody has shown, or that lost messages since."""
    depth = piece.is_kind(Kind.DEPTH)
    return _seen(depth & ~piece.known, int(depth.sum()))


def part_lots(piece: Piece, _limits: Limits) -> Seen:
    """Sizes that are not whole lots."""
    columns = (piece.bid_size, piece.ask_size, piece.size)
    off = [_off_grid(column, piece.instrument.lot) for column in columns]
    values = np.concatenate([c[o] for c, o in zip(columns, off, strict=True)])
    return _seen(_any(off), _rows_with(columns), values=values)


def price_jumps(piece: Piece, _limits: Limits) -> Seen:
    """Bid and ask, or trades, at prices eight and more times those before."""
    quote, trade = piece.is_kind(Kind.QUOTE), piece.is_kind(Kind.TRADE)
    with np.errstate(divide="ignore", invalid="ignore"):
        bids, asks = piece.bid / piece.before.bid, piece.ask / piece.before.ask
        mid = (piece.before.bid + piece.before.ask) / 2
        traded = np.where(trade, piece.price, np.nan) / mid
    up = (bids >= JUMP) & (asks >= JUMP)
    down = (bids <= 1 / JUMP) & (asks <= 1 / JUMP)
    far = (traded >= JUMP) | ((traded <= 1 / JUMP) & (traded > 0))
    return _seen(up | down | far, int((quote | trade).sum()))


# Trades -----------------------------------------------------------------------------


def outside_touch(piece: Piece, _limits: Limits) -> Seen:
    """Trades below the bid or above the ask that stood before them."""
    low = np.fmin(piece.before.bid, piece.before.ask)
    high = np.fmax(piece.before.bid, piece.before.ask)
    trade = piece.is_kind(Kind.TRADE) & ~np.isnan(low + high)
    slack = piece.instrument.tick * 1e-6  # for prices that are no binary fractions
    beyond = np.fmax(low - piece.price, piece.price - high)
    return _seen(trade & (beyond > slack), int(trade.sum()))


def unsigned(piece: Piece, _limits: Limits) -> Seen:
    """Trades whose aggressor is not known."""
    trade = piece.is_kind(Kind.TRADE)
    return _seen(trade & (piece.side == int(Side.UNKNOWN)), int(trade.sum()))


def inverted_sides(piece: Piece, _limits: Limits) -> Seen:
    """Of trades at a touch: buys at the bid and sells at the ask."""
    wide = piece.before.bid < piece.before.ask
    trade = piece.is_kind(Kind.TRADE) & (piece.side != int(Side.UNKNOWN)) & wide
    at_bid = trade & (piece.price <= piece.before.bid)
    at_ask = trade & (piece.price >= piece.before.ask)
    against = (at_bid & (piece.side > 0)) | (at_ask & (piece.side < 0))
    return _seen(against, int((at_bid | at_ask).sum()))


def _judge_inverted(tally: Tally, _limits: Limits) -> Severity | None:
    return "warning" if tally.share > 0.5 and tally.of >= 20 else None


# Clock ------------------------------------------------------------------------------


def early_receipt(piece: Piece, _limits: Limits) -> Seen:
    """Rows whose receive time is before their exchange time."""
    early = -piece.delay_ns
    return _seen(early > 0, int(np.sum(~np.isnan(early))), amounts=early)


# ------------------------------------------------------------------------------------


def _seen(
    wrong: Flags,
    of: int,
    amounts: FloatColumn | None = None,
    values: FloatColumn | None = None,
) -> Seen:
    rows = np.flatnonzero(wrong)
    return Seen(rows, of, None if amounts is None else amounts[rows], values)


def _seen_times(piece: Piece, wrong: Flags) -> Seen:
    """Rows of the book at the ends of times; one may lie in an earlier piece."""
    return Seen(piece.ended.row[wrong] - piece.start, len(wrong))


def _any(flags: Sequence[Flags]) -> Flags:
    found: Flags = np.any(flags, axis=0)
    return found


def _rows_with(columns: Sequence[FloatColumn]) -> int:
    return int(np.sum(~np.all(np.isnan(columns), axis=0)))


def _off_grid(values: FloatColumn, step: float) -> Flags:
    finite = np.isfinite(values)
    return finite & ~on_grid(np.where(finite, values, 0.0), step)


def _status(piece: Piece, *codes: Status) -> Flags:
    found: Flags = np.isin(piece.status, [int(code) for code in codes])
    return found


ROW_CHECKS = (
    RowCheck(
        code="MM510",
        look=times_backwards,
        judge=always("error"),
        say="{count:,} rows are earlier than the row before, by up to {worst}",
        hint="sort the source by time, keeping the order of equal times, and import again",
    ),
    RowCheck(
        code="MM511",
        look=silences,
        judge=_judge_silence,
        say="{count:,} silences, the longest {worst}",
        hint="`stale_after` pulls quotes meanwhile; give trading hours in `session`, or choose days",
    ),
    RowCheck(
        code="MM512",
        look=shared_times,
        judge=always("note"),
        say="{count:,} of {of:,} rows ({share}) share the time of the row before; their order is kept",
    ),
    RowCheck(
        code="MM515",
        look=sequence_gaps,
        judge=always("warning"),
        say="messages were lost {count:,} times: the book is not known until the next snapshot",
        hint="get the recording again, or leave the days out",
    ),
    RowCheck(
        code="MM516",
        look=halts,
        judge=always("note"),
        say="{count:,} halts or auctions: quotes are pulled meanwhile",
    ),
    RowCheck(
        code="MM520",
        look=one_sided,
        judge=by_share("warning", note=0.2),
        say="at {count:,} of {of:,} times ({share}) a side of the book is empty",
        hint="if the source gives one side a row, the other must be kept: import it with its own format",
    ),
    RowCheck(
        code="MM521",
        look=crossed,
        judge=_judge_crossed,
        say="at {count:,} of {of:,} times ({share}) the bid stands above the ask",
        hint="legal in auctions: quote within a `session`; else leave such quotes out at import (`crossed: drop`), or allow more (`--max-crossed`)",
    ),
    RowCheck(
        code="MM522",
        look=locked,
        judge=always("note"),
        say="at {count:,} of {of:,} times ({share}) bid and ask are equal",
    ),
    RowCheck(
        code="MM523",
        look=off_tick_quotes,
        judge=always("warning"),
        say="{count:,} of {of:,} rows of the book ({share}) have prices between ticks",
        hint="is the tick right?",
    ),
    RowCheck(
        code="MM524",
        look=off_tick_trades,
        judge=always("note"),
        say="{count:,} of {of:,} trades ({share}) are between ticks: legal, as hidden orders do",
    ),
    RowCheck(
        code="MM525",
        look=prices_below,
        judge=always("warning"),
        say="{count:,} rows have a price of zero or below",
        hint="a price of 0 often means that there is none: leave it empty in the source",
    ),
    RowCheck(
        code="MM526",
        look=sizes_below,
        judge=always("error"),
        say="{count:,} rows have a size below zero",
        hint="look for a sign that means the side, and give it as `side`",
    ),
    RowCheck(
        code="MM527",
        look=empty_trades,
        judge=always("warning"),
        say="{count:,} of {of:,} trades have size 0",
        hint="leave them out at import: they fill nobody",
    ),
    RowCheck(
        code="MM528",
        look=empty_quotes,
        judge=always("warning"),
        say="{count:,} of {of:,} quotes ({share}) have a side of size 0 with a price",
        hint="where there is nothing to trade leave the price empty; where sizes are not known, the size",
    ),
    RowCheck(
        code="MM529",
        look=missing,
        judge=always("error"),
        say="{count:,} rows lack a value their kind must have, or have an infinite one",
        hint="trades need a price, depth rows price, size and side: look at the source there",
    ),
    RowCheck(
        code="MM530",
        look=no_snapshot,
        judge=by_share("warning", note=0.01),
        say="{count:,} of {of:,} depth rows ({share}) come without a snapshot before them",
        hint="begin the tape with a clear and the whole book, after a gap again",
    ),
    RowCheck(
        code="MM540",
        look=outside_touch,
        judge=by_share("warning", note=0.2),
        say="{count:,} of {of:,} trades ({share}) are outside the touch before them",
        hint="are trades after the book change they caused, or reported late? they must stand before it",
    ),
    RowCheck(
        code="MM541",
        look=unsigned,
        judge=always("note"),
        say="{count:,} of {of:,} trades ({share}) are of unknown side: a run signs them by its trade-sign policy",
    ),
    RowCheck(
        code="MM542",
        look=inverted_sides,
        judge=_judge_inverted,
        say="{count:,} of {of:,} trades at a touch ({share}) buy at the bid or sell at the ask",
        hint="does the source's side name the resting order? turn it around at import",
    ),
    RowCheck(
        code="MM550",
        look=early_receipt,
        judge=always("warning"),
        say="{count:,} of {of:,} rows ({share}) were received before they happened, by up to {worst}",
        hint="the receiving clock was slow: shift it at import (`clock_offset`); measured latency would be below zero",
    ),
    RowCheck(
        code="MM570",
        look=price_jumps,
        judge=always("warning"),
        say="{count:,} of {of:,} quotes and trades are at prices eight and more times, or an eighth of, those before",
        hint="is a price in cents, or of another instrument? look at the source there",
    ),
    RowCheck(
        code="MM572",
        look=part_lots,
        judge=by_share("warning", note=0.5),
        say="{count:,} of {of:,} rows with sizes ({share}) have one that is not whole lots",
        hint="is the lot right?",
    ),
)
