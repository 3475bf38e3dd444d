"""A series as a small inline SVG: a line around zero, for pages that load nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from mmrun.report.drawing import columns, extremes


WIDTH, HEIGHT = 640, 96
POINTS = 320  #: at most: two units apart, about 4 kB of text
_MARGIN = 2.0  #: so that a line at an extreme is not cut in half


def line_chart(
    values: NDArray[np.float64], *, pick: str, label: str, color: str
) -> str:
    """A line over equal steps of time, with a thin line at zero.

    It fills the width it is given: the drawing stretches, its strokes do not.

    Args:
        values: shape (n,); NaN leaves a gap.
        pick: what stands for a stretch of values where there are more than `POINTS`,
            as `drawing.columns` takes it.
        label: what it shows, for readers who do not see it.
        color: a CSS colour.

    Returns:
        An `svg` element without ids, styles or references.
    """
    drawn = columns(values, min(max(len(values), 2), POINTS), pick)
    high, low = extremes(drawn)
    heights = [_height(value, low, high) for value in drawn]
    zero = _height(0.0, low, high)
    return (
        f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' width="100%" height="{HEIGHT}" preserveAspectRatio="none">'
        f'<path d="M0 {zero:.1f}H{WIDTH}" stroke="currentColor" stroke-opacity="0.3"'
        ' vector-effect="non-scaling-stroke"/>'
        f'<path d="{_path(heights)}" fill="none" stroke="{color}" stroke-width="1.5"'
        ' stroke-linejoin="round" vector-effect="non-scaling-stroke"/></svg>'
    )


def _height(value: float, low: float, high: float) -> float:
    """Where a value stands, counted from the top; the middle when nothing moves."""
    room = HEIGHT - 2 * _MARGIN
    if high == low:
        return HEIGHT / 2
    return _MARGIN + room * (high - float(value)) / (high - low)


def _path(heights: Sequence[float]) -> str:
    """Line segments through all heights that are numbers."""
    step = WIDTH / (len(heights) - 1)
    drawn, pen = [], "M"
    for index, height in enumerate(heights):
        if math.isfinite(height):
            drawn.append(f"{pen}{index * step:.1f} {height:.1f}")
        pen = "L" if math.isfinite(height) else "M"
    return "".join(drawn)
