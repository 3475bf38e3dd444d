"""Every check of a tape, on a tape that has what it looks for and one that has not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pytest

from mmrun.market.check import Report, check_dataset, refuse_hopeless
from mmrun.market.check_codes import CODES
from mmrun.market.check_finding import Finding, Limits, length, percent
from mmrun.market.dataset import Dataset, load_dataset
from mmrun.market.manifest import Provenance
from mmrun.market.writer import Tape, write_dataset
from mmrun.problems import DataError, NothingSelectedError


START_NS = 1_700_000_000 * 10**9  # 2023-11-14T22:13:20Z, a Tuesday
SECOND_NS = 10**9
DAY_NS = 86_400 * SECOND_NS

Rows = list[dict[str, Any]]


def quote(second: float, bid: float | None, ask: float | None, **more: Any) -> Any:
    """A quote row of size 5 and 6."""
    sizes = {"bid_size": 5.0 if bid else None, "ask_size": 6.0 if ask else None}
    row = {"ts": at(second), "kind": 0, "bid": bid, "ask": ask}
    return row | sizes | more


def depth(second: float, side: int, price: float, size: float, **more: Any) -> Any:
    """A depth row."""
    row = {"ts": at(second), "kind": 1, "side": side, "price": price, "size": size}
    return row | more


def trade(second: float, price: float | None, side: int = 1, size: float = 1.0) -> Any:
    """A trade row."""
    return {"ts": at(second), "kind": 3, "side": side, "price": price, "size": size}


def clear(second: float) -> Any:
    """A clear row."""
    return {"ts": at(second), "kind": 2}


def status(second: float, code: int) -> Any:
    """A status row."""
    return {"ts": at(second), "kind": 4, "status": code}


def at(second: float) -> int:
    """A time some seconds after the start, ns."""
    return START_NS + round(second * SECOND_NS)


def many(times: int, row: Callable[[int], Any]) -> Rows:
    """Rows by number."""
    return [row(number) for number in range(times)]


CALM = many(4, lambda n: quote(n, 10.00, 10.01))
BOOK = [clear(0), depth(0, 1, 10.00, 5.0), depth(0, -1, 10.01, 5.0)]
TRADED = [quote(0, 10.00, 10.01), trade(1, 10.01, 1), trade(2, 10.00, -1)]


@pytest.fixture
def check(write_tapes, tape_of, acme) -> Callable[..., Report]:
    """Writes a tape of rows and checks it; every tape has a directory of its own."""
    numbers = count()

    def look(rows: Rows, **limits: Any) -> Report:
        dataset = write_tapes(Tape(acme, tape_of(rows)), name=f"d{next(numbers)}")
        return check_dataset(dataset, limits=Limits(**limits))

    return look


def found(report: Report, code: str) -> Finding | None:
    """The finding of a code; there is at most one a tape."""
    (finding, *more) = [f for f in report.findings if f.code == code] or [None]
    assert not more
    return finding


@pytest.mark.parametrize(
    ("code", "severity", "times", "of", "row", "rows"),
    [
        ("MM510", "error", 1, 4, 3, [*CALM[:2], quote(0.5, 10.0, 10.01), CALM[3]]),
        ("MM511", "note", 1, 5, 5, [*CALM, quote(90, 10.0, 10.01)]),
        ("MM511", "warning", 1, 5, 5, [*CALM, quote(4_000, 10.0, 10.01)]),
        ("MM512", "note", 1, 5, 5, [*CALM, quote(3, 10.0, 10.01)]),
        ("MM515", "warning", 1, 5, 5, [*CALM, status(5, 6)]),
        ("MM516", "note", 2, 6, 5, [*CALM, status(5, 1), status(6, 3)]),
        ("MM520", "note", 1, 5, 5, [*CALM, quote(5, None, 10.01)]),
        ("MM520", "warning", 2, 4, 3, [*CALM[:2], *many(2, lambda n: quote(n + 5, 10.0, None))]),
        ("MM521", "warning", 1, 21, 21, [*many(20, lambda n: quote(n, 10.0, 10.01)), quote(21, 10.02, 10.01)]),
        ("MM521", "error", 1, 5, 5, [*CALM, quote(5, 10.02, 10.01)]),
        ("MM522", "note", 1, 5, 5, [*CALM, quote(5, 10.01, 10.01)]),
        ("MM523", "warning", 1, 5, 5, [*CALM, quote(5, 10.005, 10.01)]),
        ("MM524", "note", 1, 1, 5, [*CALM, trade(5, 10.005)]),
        ("MM525", "warning", 1, 5, 5, [*CALM, quote(5, -0.01, 10.01)]),
        ("MM526", "error", 1, 5, 5, [*CALM, trade(5, 10.01, size=-2.0)]),
        ("MM527", "warning", 1, 1, 5, [*CALM, trade(5, 10.01, size=0.0)]),
        ("MM528", "warning", 1, 5, 5, [*CALM, quote(5, 10.0, 10.01, bid_size=0.0)]),
        ("MM529", "error", 1, 5, 5, [*CALM, trade(5, None)]),
        ("MM529", "error", 1, 4, 4, [*BOOK, depth(1, 0, 9.99, 1.0)]),
        ("MM529", "error", 1, 5, 5, [*CALM, quote(5, 10.0, float("inf"))]),
        ("MM530", "warning", 2, 2, 1, [depth(0, 1, 10.0, 5.0), depth(1, -1, 10.01, 5.0)]),
        ("MM530", "warning", 1, 3, 5, [*BOOK, status(1, 6), depth(2, 1, 9.99, 1.0)]),
        ("MM531", "warning", 1, 1, 1, [*BOOK, quote(1, 10.0, 10.01)]),
        ("MM540", "warning", 1, 1, 5, [*CALM, trade(5, 10.02)]),
        ("MM541", "note", 1, 2, 5, [*CALM, trade(5, 10.01, side=0), trade(6, 10.01)]),
        ("MM542", "warning", 20, 20, 2, [CALM[0], *many(20, lambda n: trade(n + 1, 10.01, -1))]),
        ("MM550", "warning", 1, 1, 5, [*CALM, quote(5, 10.0, 10.01, recv_ts=at(4.9))]),
        ("MM551", "warning", 0, 0, None, [*CALM, quote(5, 10.0, 10.01, recv_ts=at(7))]),
        ("MM570", "warning", 1, 5, 5, [*CALM, quote(5, 1_000.0, 1_001.0)]),
        ("MM570", "warning", 1, 5, 5, [*CALM, trade(5, 0.10)]),
        ("MM572", "warning", 1, 1, 1, [trade(0, 10.0, size=0.5)]),
        ("MM572", "note", 1, 5, 5, [*CALM, trade(5, 10.01, size=0.5)]),
    ],
)  # fmt: skip
def test_a_check_finds_what_it_looks_for(check, code, severity, times, of, row, rows):
    """A finding says how bad, how many of how many, and the first row."""
    finding = found(check(rows), code)

    assert (finding.severity, finding.count, finding.of) == (severity, times, of)
    assert (finding.symbol, finding.venue) == ("ACME", "NASDAQ")
    place = finding.first
    assert (place and place.row) == row
    assert place is None or place.ts == rows[row - 1]["ts"]


@pytest.mark.parametrize(
    "rows",
    [
        CALM,
        [*BOOK, depth(1, 1, 10.00, 4.0), trade(2, 10.01)],
        [CALM[0], status(1, 6), *CALM[2:]],
        [quote(0, 10.0, 10.01, recv_ts=at(0.002)), trade(1, 10.00, -1)],
        TRADED,
        [quote(0, 10.0, 10.01, bid_size=None, ask_size=None), *CALM[1:]],
        many(3, lambda n: quote(n * 59, 10.0, 10.01)),
    ],
)
def test_nothing_is_found_in_a_tape_without_fault(check, rows):
    """Clean tapes of quotes or depth, with gaps named and trades at the touch."""
    # Rows of one time, the gap, and what so small a tape can be used for, are said.
    silent = {"MM512", "MM515", "MM517", "MM534"}

    assert {finding.code for finding in check(rows).findings} <= silent


def test_the_worst_silences_are_named_with_their_ends(check):
    """The three longest, the longest first; what lies between two days is none."""
    times = [0, 70, 200, 400, 500, 90_000, 90_001]

    finding = found(check([quote(t, 10.0, 10.01) for t in times]), "MM511")

    assert [amount for amount, _ in finding.worst] == [
        seconds * SECOND_NS for seconds in (200, 130, 100)
    ]
    assert finding.worst[0][1].ts == at(400)
    assert finding.count == 4


def test_a_silence_is_one_beyond_the_limit(check):
    """`max_silence_ns` says from where on."""
    assert found(check(CALM, max_silence_ns=SECOND_NS), "MM511") is None
    assert found(check(CALM, max_silence_ns=SECOND_NS - 1), "MM511").count == 3


def test_a_step_that_fits_is_proposed(check):
    """Prices of half a cent lead to the tick that has them, sizes to the lot."""
    report = check([quote(0, 10.005, 10.01), trade(1, 10.01, size=0.25)])

    assert found(report, "MM523").hint == "is the tick 0.005?"
    assert found(report, "MM572").hint == "is the lot 0.25?"


def test_a_book_half_changed_within_a_time_is_not_crossed(check):
    """Books are looked at when a time ends."""
    rows = [*BOOK, depth(1, 1, 10.01, 3.0), depth(1, -1, 10.01, 0.0), depth(1, -1, 10.02, 4.0)]  # fmt: skip

    assert found(check(rows), "MM521") is None


def test_a_tape_crossed_beyond_the_limit_is_hopeless(check):
    """Above the limit it is an error that stops runs; at it a warning."""
    rows = [*CALM, quote(5, 10.02, 10.01)]

    assert check(rows).hopeless
    assert not check(rows, max_crossed=0.2).hopeless
    assert found(check(rows, max_crossed=0.2), "MM521").severity == "warning"


@pytest.mark.parametrize(("begins", "row"), [(8_192, 8_193), (12_000, 16_385)])
def test_sizes_that_change_their_unit_are_found(check, begins, row):
    """All quantiles a hundred times as large: lots became shares, wherever it begins."""
    sizes = np.rint(np.random.default_rng(3).lognormal(5, 1, 24_576)) + 1
    sizes[begins:] *= 100

    finding = found(check(_sized(sizes)), "MM571")

    assert (finding.count, finding.of, finding.first.row) == (1, 2, row)
    assert "100 times larger" in finding.message


def test_sizes_that_grow_keep_their_unit(check):
    """Neither a steady rise nor a wider spread of sizes is a jump."""
    rng = np.random.default_rng(3)
    rising = np.linspace(1, 40_000, 24_576).round()
    wider = np.rint(rng.lognormal(5, np.repeat([0.5, 2.5, 1.0], 8_192))) + 1

    assert found(check(_sized(rising)), "MM571") is None
    assert found(check(_sized(wider)), "MM571") is None


def _sized(sizes: Any) -> Rows:
    """Quotes with these bid sizes, a millisecond apart."""
    return [
        quote(n / 1_000, 10.0, 10.01, bid_size=float(size))
        for n, size in enumerate(sizes)
    ]


def test_weekdays_without_rows_are_named(write_tapes, tape_of, acme):
    """Between the first and the last; a weekend is not missed where none has rows."""
    days = [0, 2, 6]  # Tuesday, Thursday, Monday
    frame = tape_of([quote(day * 86_400, 10.0, 10.01) for day in days])

    finding = found(check_dataset(write_tapes(Tape(acme, frame))), "MM513")

    assert (finding.severity, finding.count) == ("note", 2)
    assert "2023-11-15, 2023-11-17" in finding.message


def test_a_day_of_trades_alone_has_no_book(write_tapes, tape_of, acme):
    """The date is named; another day's book does not help."""
    frame = tape_of([*CALM, trade(86_400, 10.01)])

    finding = found(check_dataset(write_tapes(Tape(acme, frame))), "MM514")

    assert (finding.count, finding.of) == (1, 2)
    assert "2023-11-15" in finding.message


def test_what_the_importer_did_to_receive_times_is_said(tmp_path, tape_of, acme):
    """A clock offset in the manifest is a note where there are receive times."""
    frame = tape_of([quote(0, 10.0, 10.01, recv_ts=at(0.001))])
    provenance = Provenance(source="made up", clock_offset_ns=1_270_000_000)

    report = check_dataset(
        write_dataset(tmp_path / "d", [Tape(acme, frame)], provenance)
    )

    assert "1.27 s later" in found(report, "MM552").message


def test_a_file_that_changed_is_hopeless_and_the_others_are_checked(
    write_tapes, tape_of, acme
):
    """Content is held to the manifest's hash, not only size."""
    frame = tape_of([*CALM, quote(86_400, 10.0, 10.01), trade(86_401, 10.02)])
    dataset = write_tapes(Tape(acme, frame))
    path = dataset.path / dataset.files[0].path
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)

    report = check_dataset(load_dataset(dataset.path))

    assert report.hopeless
    assert found(report, "MM590").first.file == dataset.files[0].path
    assert found(report, "MM540").count == 1


def test_carried_state_makes_row_groups_invisible(check, monkeypatch):
    """Findings do not depend on how a file is cut into pieces."""
    rng = np.random.default_rng(5)
    rows = [clear(0)]
    for number in range(300):
        side = int(rng.choice([1, -1]))
        price = float(rng.integers(990, 1_010)) / 100
        second = number // 3
        rows.append(depth(second, side, price, float(rng.integers(0, 3))))
        if number % 7 == 0:
            rows.append(trade(second, price, side))
    whole = check(rows)

    monkeypatch.setattr("mmrun.market.check_piece.ROW_GROUP_ROWS", 7)

    assert check(rows) == whole
    assert {"MM512", "MM520", "MM521", "MM540"} <= {f.code for f in whole.findings}


def test_symbols_can_be_chosen(write_tapes, tape_of, acme):
    """Others are not read; one that is not there is nothing selected."""
    dataset = write_tapes(
        Tape(acme, tape_of([*CALM, trade(5, 10.02)])),
        Tape(replace(acme, symbol="B"), tape_of(CALM)),
    )

    report = check_dataset(dataset, symbols=["B"])

    assert report.rows == 4
    assert {finding.symbol for finding in report.findings} == {"B"}
    with pytest.raises(NothingSelectedError, match="it has ACME, B"):
        check_dataset(dataset, symbols=["C"])


def test_a_run_on_a_hopeless_tape_is_refused(write_tapes, tape_of, acme):
    """By the manifest alone; a dataset that does not say is not refused."""
    dataset = write_tapes(Tape(acme, tape_of([*CALM, quote(5, 10.02, 10.01)])))

    with pytest.raises(DataError, match=r"1 of 5 times \(20 %\)") as caught:
        refuse_hopeless(load_dataset(dataset.path), acme)

    assert "--crossed drop" in caught.value.hint
    refuse_hopeless(dataset, acme, Limits(max_crossed=0.2))
    refuse_hopeless(_silent(dataset), acme)


def _silent(dataset: Dataset) -> Dataset:
    """The same, as written before manifests counted crossed times."""
    files = [replace(f, book_times=0, crossed_times=0) for f in dataset.files]
    return replace(dataset, manifest=replace(dataset.manifest, files=tuple(files)))


def test_every_finding_has_a_title_and_codes_are_of_data():
    """Codes are MM5xx, and none is one of the table maps'."""
    from mmrun.importers import table_map

    assert all(code.startswith("MM5") for code in CODES)
    assert not CODES.keys() & table_map.CODES.keys()
    assert len(set(CODES.values())) == len(CODES)


@pytest.mark.parametrize(
    ("share", "text"), [(0.109, "10.9 %"), (0.00042, "0.042 %"), (1e-6, "<0.01 %")]
)
def test_shares_are_said_with_the_digits_that_count(share, text):
    """Two digits or three."""
    assert percent(share) == text


@pytest.mark.parametrize(
    ("ns", "text"), [(79_200e9, "22 h 0 min"), (1.27e9, "1.27 s"), (17, "17 ns")]
)
def test_times_are_said_in_units_of_their_own(ns, text):
    """From nanoseconds to hours."""
    assert length(ns) == text


def test_what_a_tape_can_be_used_for_is_said(check):
    """Little data, no trades, quotes without sizes, a spread far wider than usual."""
    calm = [quote(n, 10.0, 10.01, bid_size=None, ask_size=None) for n in range(9)]

    report = check([*calm, quote(9, 10.0, 12.0, bid_size=None, ask_size=None)])

    assert "9 s: enough to try" in found(report, "MM517").message
    assert found(report, "MM534") is not None
    assert (found(report, "MM533").count, found(report, "MM533").of) == (10, 10)
    wide = found(report, "MM532")
    assert (wide.count, wide.of, wide.worst[0][1].row) == (1, 10, 10)
    assert "the widest is 2" in wide.message


def test_an_hour_with_trades_and_sizes_is_enough(check):
    """None of it is said then."""
    rows = [quote(0, 10.0, 10.01), trade(1, 10.01), quote(3_601, 10.0, 10.02)]

    codes = {finding.code for finding in check(rows).findings}

    assert not codes & {"MM517", "MM532", "MM533", "MM534"}


def test_guessed_facts_are_told(write_tapes, tape_of, acme):
    """With the option that states them."""
    instrument = replace(acme, guessed=("tick",))

    report = check_dataset(write_tapes(Tape(instrument, tape_of(TRADED))))

    assert "--instrument tick=..." in found(report, "MM573").hint
