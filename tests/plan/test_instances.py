"""What differs by venue becomes one tree a venue; at one venue its names are plain."""

from __future__ import annotations

import pytest

from mmrun.lang.show import show
from mmrun.plan.instances import blocks, instantiate, venue_axis


TWO = ("NASDAQ", "IEX")


def shown(read, venues, **texts):
    """The instances of formulas as text, by name."""
    roots = {name: read(text) for name, text in texts.items()}
    found = instantiate(roots, venue_axis(venues))
    return {name: show(root) for name, root in found.items()}


def test_what_reads_the_venue_is_one_formula_a_venue(read):
    """The rest stays one."""
    found = shown(read, TWO, bid="venue.mid - spread", ask="mid")

    assert found == {
        "ask": "mid",
        "NASDAQ.bid": "NASDAQ.mid - spread",
        "IEX.bid": "IEX.mid - spread",
    }


def test_functions_and_own_state_are_of_the_venue(read):
    """Order flow, ages, levels, windows, inventory and fees."""
    text = (
        "1tick * venue.trade_imbalance(1s) + mean(venue.bid_2, 5s)"
        " + 1tick * venue.age(quote) / 1s + venue.maker_cost * prev(venue.inventory) / 1lot"
    )

    found = shown(read, TWO, bid=text)

    assert "venue" not in found["IEX.bid"]
    assert found["IEX.bid"].replace("IEX.", "venue.") == show(read(text))


def test_the_last_value_of_what_differs_differs(read):
    """`prev(fair)` makes one of a venue of what reads nothing else of one."""
    found = shown(
        read, TWO, fair="venue.mid", bid="prev(fair)", ask="prev(reservation)"
    )

    assert found["IEX.bid"] == "prev(IEX.fair)"
    assert found["ask"] == "prev(reservation)"


@pytest.mark.parametrize("venues", [(), ("NASDAQ",)])
def test_at_one_venue_its_names_are_those_of_all(read, venues):
    """Its market is the market, and its windows tick at the rows that all do."""
    roots = {"bid": read("mean(venue.mid, 5s)"), "ask": read("mean(mid, 5s)")}

    found = instantiate(roots, venue_axis(venues))

    assert show(found["bid"]) == show(found["ask"])
    assert (found["bid"].ticks, found["bid"].hears) == (roots["ask"].ticks, frozenset())


def test_at_one_venue_its_name_is_plain_too_and_its_fees_have_it(read):
    """What nothing but a venue has keeps the venue."""
    found = shown(read, ("NASDAQ",), bid="NASDAQ.mid - venue.maker_cost", ask="IEX.mid")

    assert found == {"bid": "mid - NASDAQ.maker_cost", "ask": "IEX.mid"}


def test_blocks_are_one_where_no_quote_differs(read):
    """A let that does changes nothing of that."""
    roots = {"bid": read("mid"), "let.x": read("venue.mid")}
    same = instantiate(roots, venue_axis(TWO))
    apart = instantiate({"bid": read("venue.mid")}, venue_axis(TWO))

    assert len(blocks(same, ["bid"], TWO)) == 1
    assert [show(b["bid"]) for b in blocks(apart, ["bid"], TWO)] == [
        "NASDAQ.mid",
        "IEX.mid",
    ]
