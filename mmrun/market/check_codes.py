"""What each code of `mmrun data check` stands for; codes are stable and never reused."""

from __future__ import annotations


#: Code to title.
CODES: dict[str, str] = {
    "MM510": "times go backwards",
    "MM511": "silence",
    "MM512": "rows that share a time",
    "MM513": "days without rows",
    "MM514": "a day without a book",
    "MM515": "gap in the venue's sequence",
    "MM516": "halts and auctions",
    "MM520": "one-sided book",
    "MM521": "crossed book",
    "MM522": "locked book",
    "MM523": "off-tick quotes",
    "MM524": "off-tick trades",
    "MM525": "prices of zero or below",
    "MM526": "sizes below zero",
    "MM527": "trades without size",
    "MM528": "quotes without size",
    "MM529": "a value is missing or is no number",
    "MM530": "depth without a snapshot",
    "MM531": "quotes and depth in one tape",
    "MM540": "trades outside the touch",
    "MM541": "trades of unknown side",
    "MM542": "sides of trades look inverted",
    "MM550": "received before it happened",
    "MM551": "receive clock off",
    "MM552": "receive times were shifted at import",
    "MM553": "clocks of venues differ",
    "MM554": "delays of venues differ",
    "MM560": "venues crossed with one another",
    "MM561": "venues locked with one another",
    "MM562": "prices of venues differ by a factor",
    "MM570": "prices jump by powers of ten",
    "MM571": "sizes jump by powers of ten",
    "MM572": "sizes are not whole lots",
    "MM590": "a file cannot be read",
}
