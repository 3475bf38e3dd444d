"""Checks of single rows: one function a check, each giving the rows it is about.

What is made of them, how bad it is and what is said, is in `check_table`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmrun.market.check_finding import Limits, Seen
from mmrun.market.check_piece import Flags, Piece
from mmrun.market.grid import on_grid
from mmrun.market.tape import FloatColumn, Kind, Side, Status


JUMP = 8.0  #: a price or size that is so many times another has lost its unit


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
