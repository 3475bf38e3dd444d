"""Formulas that stand alone, and what reading them costs."""

from __future__ import annotations

import subprocess
import sys

from mmrun.lang.place import TextPlace
from mmrun.problems import Span


def test_a_span_over_two_lines() -> None:
    """Lines and columns count from 1; the end is the column after the last."""
    place = TextPlace("bid +\n ask", "given")

    assert place.span(0, 3) == Span("given", 1, 1, 1, 4)
    assert place.span(4) == Span("given", 1, 5, 2, 5)
    assert place.line_text(2) == " ask"


def test_reading_formulas_imports_nothing_slow() -> None:
    """`mmrun check` starts without numpy, numexpr, numba and polars."""
    code = (
        "import sys, mmrun.lang.parse, mmrun.lang.check, mmrun.lang.evaluate;"
        "print([m for m in ('numpy', 'numexpr', 'numba', 'polars') if m in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
