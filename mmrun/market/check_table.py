"""The table of row checks: code, how much of it is how bad, what is said and done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mmrun.market import check_rows as rows
from mmrun.market.check_finding import (
    Finding,
    Limits,
    Seen,
    Severity,
    Tally,
    length,
    percent,
)
from mmrun.market.check_piece import Piece


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


def _judge_inverted(tally: Tally, _limits: Limits) -> Severity | None:
    return "warning" if tally.share > 0.5 and tally.of >= 20 else None


ROW_CHECKS = (
    RowCheck(
        code="MM510",
        look=rows.times_backwards,
        judge=always("error"),
        say="{count:,} rows are earlier than the row before, by up to {worst}",
        hint="sort the source by time, keeping the order of equal times, and import again",
    ),
    RowCheck(
        code="MM511",
        look=rows.silences,
        judge=_judge_silence,
        say="{count:,} silences, the longest {worst}",
        hint="`stale_after` pulls quotes meanwhile; give trading hours in `session`, or choose days",
    ),
    RowCheck(
        code="MM512",
        look=rows.shared_times,
        judge=always("note"),
        say="{count:,} of {of:,} rows ({share}) share the time of the row before; their order is kept",
    ),
    RowCheck(
        code="MM515",
        look=rows.sequence_gaps,
        judge=always("warning"),
        say="messages were lost {count:,} times: the book is not known until the next snapshot",
        hint="get the recording again, or leave the days out",
    ),
    RowCheck(
        code="MM516",
        look=rows.halts,
        judge=always("note"),
        say="{count:,} halts or auctions: quotes are pulled meanwhile",
    ),
    RowCheck(
        code="MM520",
        look=rows.one_sided,
        judge=by_share("warning", note=0.2),
        say="at {count:,} of {of:,} times ({share}) a side of the book is empty",
        hint="if the source gives one side a row, the other must be kept: import it with its own format",
    ),
    RowCheck(
        code="MM521",
        look=rows.crossed,
        judge=_judge_crossed,
        say="at {count:,} of {of:,} times ({share}) the bid stands above the ask",
        hint="legal in auctions: quote within a `session`; else leave such quotes out at import (`--crossed drop`), or allow more (`--max-crossed`)",
    ),
    RowCheck(
        code="MM522",
        look=rows.locked,
        judge=always("note"),
        say="at {count:,} of {of:,} times ({share}) bid and ask are equal",
    ),
    RowCheck(
        code="MM523",
        look=rows.off_tick_quotes,
        judge=always("warning"),
        say="{count:,} of {of:,} rows of the book ({share}) have prices between ticks",
        hint="is the tick right?",
    ),
    RowCheck(
        code="MM524",
        look=rows.off_tick_trades,
        judge=always("note"),
        say="{count:,} of {of:,} trades ({share}) are between ticks: legal, as hidden orders do",
    ),
    RowCheck(
        code="MM525",
        look=rows.prices_below,
        judge=always("warning"),
        say="{count:,} rows have a price of zero or below",
        hint="a price of 0 often means that there is none: leave it empty in the source",
    ),
    RowCheck(
        code="MM526",
        look=rows.sizes_below,
        judge=always("error"),
        say="{count:,} rows have a size below zero",
        hint="look for a sign that means the side, and give it as `side`",
    ),
    RowCheck(
        code="MM527",
        look=rows.empty_trades,
        judge=always("warning"),
        say="{count:,} of {of:,} trades have size 0",
        hint="leave them out at import: they fill nobody",
    ),
    RowCheck(
        code="MM528",
        look=rows.empty_quotes,
        judge=always("warning"),
        say="{count:,} of {of:,} quotes ({share}) have a side of size 0 with a price",
        hint="where there is nothing to trade leave the price empty; where sizes are not known, the size",
    ),
    RowCheck(
        code="MM529",
        look=rows.missing,
        judge=always("error"),
        say="{count:,} rows lack a value their kind must have, or have an infinite one",
        hint="trades need a price, depth rows price, size and side: look at the source there",
    ),
    RowCheck(
        code="MM530",
        look=rows.no_snapshot,
        judge=by_share("warning", note=0.01),
        say="{count:,} of {of:,} depth rows ({share}) come without a snapshot before them",
        hint="begin the tape with a clear and the whole book, after a gap again",
    ),
    RowCheck(
        code="MM540",
        look=rows.outside_touch,
        judge=by_share("warning", note=0.2),
        say="{count:,} of {of:,} trades ({share}) are outside the touch before them",
        hint="orders that walk the book print beyond it; else trades come after the book change they caused, or late: they must stand before it",
    ),
    RowCheck(
        code="MM541",
        look=rows.unsigned,
        judge=always("note"),
        say="{count:,} of {of:,} trades ({share}) are of unknown side: a run signs them by its trade-sign policy",
    ),
    RowCheck(
        code="MM542",
        look=rows.inverted_sides,
        judge=_judge_inverted,
        say="{count:,} of {of:,} trades at a touch ({share}) buy at the bid or sell at the ask",
        hint="does the source's side name the resting order? turn it around at import",
    ),
    RowCheck(
        code="MM550",
        look=rows.early_receipt,
        judge=always("warning"),
        say="{count:,} of {of:,} rows ({share}) were received before they happened, by up to {worst}",
        hint="the receiving clock was slow: shift it at import (`--clock-offset`); measured latency would be below zero",
    ),
    RowCheck(
        code="MM570",
        look=rows.price_jumps,
        judge=always("warning"),
        say="{count:,} of {of:,} quotes and trades are at prices eight and more times, or an eighth of, those before",
        hint="is a price in cents, or of another instrument? look at the source there",
    ),
    RowCheck(
        code="MM572",
        look=rows.part_lots,
        judge=by_share("warning", note=0.5),
        say="{count:,} of {of:,} rows with sizes ({share}) have one that is not whole lots",
        hint="is the lot right?",
    ),
)
