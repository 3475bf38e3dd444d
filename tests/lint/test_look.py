"""What `check --data` looks at: days, venues, inputs."""

from __future__ import annotations

import pytest

from mmrun import api
from mmrun.lint import look
from mmrun.lint.look import first_days
from mmrun.market.instrument import Instrument
from mmrun.market.writer import Tape
from mmrun.problems import UsageError


DAY_NS = 86_400_000_000_000
FIRST_NS = 1_704_794_400_000_000_000  # 2024-01-09 10:00 UTC
WIDE = "mmrun: 1\nquote: {half_spread: 5pct, size: 100}\nrisk: {max_inventory: 1000}\n"


@pytest.fixture
def at():
    """An instrument at a venue, with a tick."""
    return lambda venue, tick=0.01: Instrument(
        symbol="ACME", venue=venue, tick=tick, lot=1.0
    )


@pytest.fixture
def days(quotes_at):
    """A tape of ten quotes on each of the given days, counted from the first."""

    def make(*numbers):
        times = [
            FIRST_NS + n * DAY_NS + i * 1_000_000_000
            for n in numbers
            for i in range(10)
        ]
        return quotes_at(times)

    return make


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (5, ("2024-01-09", "2024-01-09")),
        (20, ("2024-01-09", "2024-01-10")),
        (29, ("2024-01-09", "2024-01-10")),
        (30, ("2024-01-09", "2024-01-11")),
    ],
)
def test_days_are_looked_at_up_to_a_number_of_rows(
    most, expected, days, at, write_tapes, monkeypatch
):
    """The first day whole, and those after it as far as the rows go."""
    monkeypatch.setattr(look, "MOST_ROWS", most)
    dataset = write_tapes(Tape(at("X"), days(0, 1, 2)))

    assert first_days(dataset, dataset.instruments) == expected


def test_every_venue_has_one_of_the_days(days, at, write_tapes, monkeypatch):
    """A venue that opens later is looked at too."""
    monkeypatch.setattr(look, "MOST_ROWS", 5)
    dataset = write_tapes(Tape(at("X"), days(0, 1, 2)), Tape(at("Y"), days(2)))

    assert first_days(dataset, dataset.instruments) == ("2024-01-09", "2024-01-11")


def test_every_venue_that_a_run_would_quote_is_looked_at(
    days, at, write_tapes, tmp_path
):
    """A wrong tick of the second venue is found, and one not quoted is passed over."""
    tapes = (Tape(at(venue), days(0)) for venue in ("X", "Y", "Z"))
    dataset = write_tapes(*tapes)
    file = tmp_path / "a.yaml"
    file.write_text(WIDE + "venues: {X: {tick: 0.01}, Y: {tick: 0.05}}\n")

    found = {p.code: p for p in api.check(file, data=dataset.path)}

    assert "ACME at Y are not on a tick of 0.05" in found["MM451"].message
    assert "ACME at X and Y" in found["MM450"].message


@pytest.fixture
def told(days, at, write_tapes, tmp_path):
    """Codes found in a strategy with an input, and what was told besides."""
    dataset = write_tapes(Tape(at("X"), days(0)))
    file = tmp_path / "a.yaml"

    def check(alpha, inputs=None):
        said = []
        file.write_text(
            WIDE.replace("size", "fair: mid + alpha, size")
            + f"inputs: {{alpha: {alpha}}}\n"
        )
        found = api.check(file, data=dataset.path, inputs=inputs, tell=said.append)
        return [p for p in found if p.code == "MM450"], said

    return check


def test_an_input_that_is_not_given_is_at_its_default(told):
    """The replay has its default, and says so."""
    (found,), said = told("{unit: bps, default: 1bps}")

    assert found.hints[-1].startswith("alpha was at its default")
    assert said[-1].endswith("alpha is not given, its default holds")


def test_without_a_value_for_an_input_there_is_no_replay(told):
    """Nothing is guessed, and that it was not tried is said."""
    found, said = told("{unit: bps}")

    assert found == []
    assert said[-1].endswith(
        "no trial run: alpha has no default, give --input alpha=FILE:COLUMN"
    )


def test_a_given_input_is_replayed(told, tmp_path):
    """It is joined as in a run."""
    file = tmp_path / "alpha.csv"
    file.write_text("ts,alpha\n2024-01-09T10:00:00Z,1\n")

    (found,), said = told("{unit: bps}", {"alpha": file})

    assert not [hint for hint in found.hints if "default" in hint]
    assert len(said) == 1


def test_an_input_that_there_is_not_is_refused(told):
    """A misspelt name is not passed over."""
    with pytest.raises(UsageError, match="no input 'alhpa'"):
        told("{unit: bps, default: 0bps}", {"alhpa": "x.csv"})
