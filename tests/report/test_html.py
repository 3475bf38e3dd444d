"""The page of a run in a notebook: whole, self-contained, and of the same figures."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from mmrun.engine.records import Recording
from mmrun.report.facts import RunFacts
from mmrun.report.html import fragment
from mmrun.report.summary import summarize
from mmrun.report.svg import HEIGHT, POINTS, WIDTH, line_chart
from mmrun.report.tables import frame
from mmrun.report.venues import COLUMNS


#: What a page could load something with, or run something by.
LOADS = {"script", "link", "style", "img", "image", "iframe", "object", "use", "a"}


def page_of(recording: Recording, facts: RunFacts) -> ET.Element:
    """The fragment of a recording as a tree; fails where it is not well formed."""
    text = fragment(summarize(recording, facts), frame("equity", recording))
    return ET.fromstring(text)


def texts_of(page: ET.Element) -> list[str]:
    return [text for text in page.itertext() if text]


def test_says_the_figures_of_the_summary(day: Recording, facts: RunFacts) -> None:
    """Net, its terms and the presence of each side are those of the summary."""
    summary = summarize(day, facts)

    texts = texts_of(page_of(day, facts))

    net = f"net {summary['net_pnl']:+,.2f} USD"
    assert any(text.startswith(net) for text in texts)
    spread = texts[texts.index("spread") + 1]
    assert float(spread.replace(",", "")) == pytest.approx(
        summary["spread_pnl"], abs=0.006
    )
    quoted = texts[texts.index("quoted") + 1]
    assert quoted.endswith(f"{summary['bid_uptime']:.1%}")


def test_loads_nothing_and_runs_nothing(day: Recording, facts: RunFacts) -> None:
    """No element or attribute of a fragment can fetch, run, or clash with another."""
    page = page_of(day, facts)

    assert not LOADS & {element.tag for element in page.iter()}
    names = {name for element in page.iter() for name in element.attrib}
    assert not {n for n in names if n.startswith("on")} | names & {"id", "href", "src"}
    values = " ".join(v for element in page.iter() for v in element.attrib.values())
    assert "url(" not in values
    assert "//" not in values


def test_names_are_text_whatever_they_hold(day: Recording, facts: RunFacts) -> None:
    """Markup in a name is shown, not obeyed."""
    name = "<script>alert('1')</script> & \"co\""

    page = page_of(day, replace(facts, strategy=name, symbol=name, currency=name))

    assert page.find(".//script") is None
    assert any(name in text for text in texts_of(page))


def test_same_run_same_bytes(day: Recording, facts: RunFacts) -> None:
    """The fragment is a function of the run."""
    summary, equity = summarize(day, facts), frame("equity", day)

    assert fragment(summary, equity) == fragment(dict(summary), equity.clone())


def test_draws_equity_and_inventory(day: Recording, facts: RunFacts) -> None:
    """Both drawings are there, say what they show, and stay small."""
    drawings = page_of(day, facts).findall(".//svg")

    labels = [drawing.attrib["aria-label"] for drawing in drawings]
    assert [label.split(",")[0].split(":")[0] for label in labels] == [
        "Net P&L",
        "Inventory",
    ]
    assert all(len(ET.tostring(drawing)) < 8_000 for drawing in drawings)


@pytest.mark.parametrize("name", ["unfilled", "idle"])
def test_a_run_without_fills_has_no_drawing(
    request: pytest.FixtureRequest, facts: RunFacts, name: str
) -> None:
    """Nothing is drawn of a run in which nothing happened; the headline stands."""
    page = page_of(request.getfixturevalue(name), facts)

    assert page.findall(".//svg") == []
    assert any("0 fills" in text for text in texts_of(page))


def test_books_that_do_not_add_up_are_said(day: Recording, facts: RunFacts) -> None:
    """A residual that should not be is on the page."""
    summary = summarize(day, facts) | {"attribution_residual": 0.5}

    assert "DO NOT ADD UP" in fragment(summary, frame("equity", day))


def corners(values: np.ndarray) -> list[list[float]]:
    """The line's points as (x, y) numbers, gaps passed over."""
    chart = line_chart(values, pick="last", label="x", color="red")
    line = ET.fromstring(chart).findall("path")[1].attrib["d"]
    return [[float(n) for n in p.split()] for p in re.split("[ML]", line)[1:]]


def test_a_line_goes_from_edge_to_edge() -> None:
    """The highest value is at the top, the lowest at the bottom, the last at the right."""
    drawn = corners(np.array([0.0, 10.0, -10.0]))

    assert [x for x, _ in drawn] == [0, WIDTH / 2, WIDTH]
    assert drawn[1][1] < drawn[0][1] < drawn[2][1] <= HEIGHT


def test_a_long_series_is_thinned_and_a_gap_stays_a_gap() -> None:
    """No more points than fit, and no line where there is no value."""
    assert len(corners(np.arange(10_000.0))) == POINTS

    gap = line_chart(np.array([1.0, np.nan, 1.0]), pick="last", label="x", color="red")
    assert ET.fromstring(gap).findall("path")[1].attrib["d"].count("M") == 2


def test_one_value_is_a_level_line() -> None:
    """A series of one point is drawn over the whole width."""
    drawn = corners(np.array([5.0]))

    assert drawn[0][1] == drawn[1][1]
    assert drawn[1][0] == WIDTH


def test_each_venue_has_a_line(split: Recording, facts: RunFacts) -> None:
    """Two venues are a table of their own, with the summary's figures."""
    texts = texts_of(page_of(split, facts))

    start = texts.index("Venues, USD") + 1 + len(COLUMNS)
    assert texts[start : start + 9] == [
        "NASDAQ", "3", "240", "23,993", "+4.800", "0.000", "+0.480", "50.0%", "IEX"
    ]  # fmt: skip
    assert texts[start + 8 : start + 12] == ["IEX", "2", "300", "30,008"]


def test_each_level_has_a_line(ladder: Recording, facts: RunFacts) -> None:
    """Two quotes a side are a table of their own, with the summary's figures."""
    texts = texts_of(page_of(ladder, facts))

    start = texts.index("Levels, USD") + 1 + len(COLUMNS) + 1
    assert texts[start : start + 9] == [
        "0", "3", "240", "23,993", "+4.800", "0.000", "+0.480", "66.7%", "66.7%"
    ]  # fmt: skip
