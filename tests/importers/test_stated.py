"""Facts of instruments that are stated instead of guessed."""

from __future__ import annotations

import pytest

from mmrun.importers.rows import Imported
from mmrun.importers.stated import guesses, read_facts, stated
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Provenance
from mmrun.market.writer import Tape
from mmrun.problems import UsageError


@pytest.fixture
def imported(quotes_at):
    """One tape whose tick and lot were guessed."""
    instrument = Instrument(
        symbol="XBT", venue="bitmex", tick=0.1, lot=2.0, guessed=("tick", "lot")
    )
    tape = Tape(instrument, quotes_at([1]))
    provenance = Provenance(source="made up")
    return Imported((tape,), provenance)


def test_a_stated_fact_is_no_longer_guessed(imported):
    """The other still is, and its remedy is told."""
    found = stated(
        imported,
        read_facts({"tick": "0.5", "inverse": "true", "symbol": "XBTUSD"}),
    )

    instrument = found.tapes[0].instrument
    assert (instrument.tick, instrument.inverse, instrument.lot) == (0.5, True, 2.0)
    (note,) = guesses(found)
    assert note.startswith("XBTUSD at bitmex: lot 2 is guessed")
    assert note.endswith("--instrument lot=...")


def test_nothing_is_told_when_nothing_is_guessed(imported):
    """Both are stated."""
    assert list(guesses(stated(imported, {"tick": 0.5, "lot": 1.0}))) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tik": "1"}, "called 'tik'; did you mean 'tick'"),
        ({"tick": "small"}, "tick is 'small'; expected a number above 0"),
        ({"tick": "0"}, "tick is '0'"),
        ({"lot": "inf"}, "lot is 'inf'"),
        ({"inverse": "maybe"}, "expected true or false"),
        ({"venue": " "}, "venue is ' '; expected a name"),
    ],
)
def test_what_is_not_right_is_refused(given, said):
    """Names and values."""
    with pytest.raises(UsageError, match=said):
        read_facts(given)


def test_one_name_cannot_be_given_to_two_tapes(imported):
    """They would be one."""
    two = Imported(imported.tapes * 2, imported.provenance)

    with pytest.raises(UsageError, match="hold 2 instruments"):
        stated(two, {"symbol": "X"})
