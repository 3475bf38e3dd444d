"""The codes of this room's problems, each with its title; a code is never reused."""

from __future__ import annotations


CODES: dict[str, str] = {
    "MM201": "unexpected character",
    "MM202": "something else is expected here",
    "MM203": "formula too long, too deep or too large",
    "MM204": "comparisons are not chained",
    "MM205": "letters glued to a number are not a unit",
    "MM206": "number outside the range of a float",
    "MM301": "unknown name",
    "MM302": "function used as a name, or a name as a function",
    "MM303": "arguments do not fit the function",
    "MM304": "only market data can be looked back over",
    "MM305": "not a window length",
    "MM306": "a venue or reference does not have that",
    "MM320": "units do not fit together",
    "MM321": "bare number beside a relative price: a 10,000-fold mistake",
    "MM322": "a ratio is needed",
    "MM323": "condition where a number is needed, or the reverse",
    "MM324": "exponent or root that units cannot follow",
    "MM390": "not supported yet",
}
