"""Datasets that grow: adding, going on after an interruption, and what cannot be added."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from mmrun.market.dataset import load_dataset
from mmrun.market.growing import Tape, Tapes
from mmrun.market.manifest import Import, Provenance
from mmrun.market.staging import growing
from mmrun.market.storage import locate
from mmrun.problems import DataError


DAY_NS = 86_400 * 10**9
START_NS = 1_700_006_400 * 10**9  #: midnight UTC
MADE_UP = Provenance(source="made up")


def source(number: int) -> Import:
    """An import called by a number."""
    return Import(key=f"{number:064x}", sources=(f"day{number}.csv",))


@pytest.fixture
def day(acme, quotes_at):
    """The tape of a day by its number: two quotes an hour apart, from an hour on."""

    def make(number: int, **changes) -> Tape:
        noon = START_NS + number * DAY_NS + DAY_NS // 2
        return Tape(replace(acme, **changes), quotes_at([noon, noon + 3_600 * 10**9]))

    return make


def grow(directory, *numbers, tapes, wanted=()):
    """Add the tapes of some days."""
    with growing(directory, wanted=wanted) as grown:
        for number in numbers:
            grown.add([Tapes([tapes(number)], MADE_UP)], source=source(number))


def interrupted(directory, tape) -> None:
    """An import that ends after its first day."""

    def run() -> None:
        with growing(directory) as grown:
            grown.add([Tapes([tape], MADE_UP)], source=source(0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()


def dates(directory) -> list[str]:
    return [file.date for file in load_dataset(directory).files]


def test_days_can_be_added_in_any_order(tmp_path, day):
    """Files stand in the order of time, and the manifest says what was imported."""
    grow(tmp_path / "ds", 1, tapes=day)
    grow(tmp_path / "ds", 2, 0, tapes=day)

    assert dates(tmp_path / "ds") == ["2023-11-15", "2023-11-16", "2023-11-17"]
    imports = load_dataset(tmp_path / "ds").manifest.imports
    assert [found.sources for found in imports] == [
        ("day1.csv",),
        ("day2.csv",),
        ("day0.csv",),
    ]


def test_an_interrupted_import_goes_on_where_it_was(tmp_path, day):
    """Nothing stands at the target before all is done, and no day is done twice."""
    wanted = {source(n).key for n in range(3)}
    interrupted(tmp_path / "ds", day(0))
    assert not (tmp_path / "ds").exists()

    with growing(tmp_path / "ds", wanted=wanted) as two:
        assert two.has(source(0).key)
        assert not two.has(source(1).key)
        two.add([Tapes([day(1)], MADE_UP)], source=source(1))

    assert dates(tmp_path / "ds") == ["2023-11-15", "2023-11-16"]
    assert [item.name for item in tmp_path.iterdir()] == ["ds"]


def test_what_another_import_left_is_thrown_away(tmp_path, day):
    """Days nobody asked for now are not in the new dataset."""
    interrupted(tmp_path / "ds", day(0))

    grow(tmp_path / "ds", 1, tapes=day, wanted={source(1).key})

    assert dates(tmp_path / "ds") == ["2023-11-16"]


def test_a_day_that_fails_leaves_the_dataset_as_it_was(tmp_path, day):
    """An error in the middle of a day takes its files away again."""
    grow(tmp_path / "ds", 0, tapes=day)
    before = sorted(tmp_path.rglob("*"))

    def interrupt(text: str) -> None:
        if "B 2023" in text:
            message = "the disk is full"
            raise OSError(message)

    with growing(tmp_path / "ds") as grown, pytest.raises(OSError, match="full"):
        grown.add(
            [Tapes([day(1), day(1, symbol="B")], MADE_UP)],
            source=source(1),
            progress=interrupt,
        )

    assert dates(tmp_path / "ds") == ["2023-11-15"]
    assert [p for p in sorted(tmp_path.rglob("*")) if p.is_file()] == [
        p for p in before if p.is_file()
    ]


def test_rows_of_one_time_are_not_there_twice(tmp_path, day):
    """The same hours from another file are refused with the file that has them."""
    grow(tmp_path / "ds", 0, tapes=day)

    with pytest.raises(
        DataError, match=r"ACME at NASDAQ 2023-11-15 are there already, in .*part-0"
    ):
        grow(tmp_path / "ds", 0, tapes=day)


def test_a_file_cut_at_midnight_by_the_clock_of_receipt_fits(tmp_path, acme, quotes_at):
    """Rows on the wrong side of the seam are given its time; none goes back, none is lost."""
    midnight = START_NS + DAY_NS
    seconds = 10**9
    first = quotes_at(
        [midnight - 3_600 * seconds, midnight - 1, midnight + 2 * seconds]
    )
    second = quotes_at(
        [midnight + seconds, midnight + 3 * seconds, midnight + 3_600 * seconds]
    )

    with growing(tmp_path / "ds") as grown:
        grown.add([Tapes([Tape(acme, first)], MADE_UP)], source=source(0))
        grown.add([Tapes([Tape(acme, second)], MADE_UP)], source=source(1))

    files = load_dataset(tmp_path / "ds").files
    assert [(f.date, f.row_count) for f in files] == [
        ("2023-11-15", 2),
        ("2023-11-16", 1),
        ("2023-11-16", 3),
    ]
    assert [f.first_ts >= e.last_ts for e, f in pairwise(files)] == [True, True]


def test_the_book_goes_on_over_a_seam(tmp_path, acme, tape_of):
    """What stood at the end of one import counts in the next, in a new call too."""
    bid = {"kind": 1, "side": 1, "price": 100.0, "size": 1.0}
    crossing = {"kind": 1, "side": -1, "price": 99.0, "size": 1.0}
    clear = {"kind": 2}
    hour = 3_600 * 10**9
    one = tape_of([{**clear, "ts": START_NS}, {**bid, "ts": START_NS}])
    two = tape_of([{**crossing, "ts": START_NS + hour}])

    for number, frame in enumerate((one, two)):
        with growing(tmp_path / "ds") as grown:
            grown.add([Tapes([Tape(acme, frame)], MADE_UP)], source=source(number))

    assert [f.crossed_times for f in load_dataset(tmp_path / "ds").files] == [0, 1]


def test_guessed_ticks_become_the_one_that_fits_all_days(tmp_path, day):
    """A quarter and a tenth have a twentieth in common; what is stated holds."""
    with growing(tmp_path / "ds") as grown:
        grown.add(
            [Tapes([day(0, tick=0.25, guessed=("tick",))], MADE_UP)], source=source(0)
        )
        grown.add(
            [Tapes([day(1, tick=0.1, guessed=("tick",))], MADE_UP)], source=source(1)
        )
        assert grown.manifest is not None
        assert grown.manifest.instruments[0].tick == 0.05
        grown.add([Tapes([day(2, tick=0.01)], MADE_UP)], source=source(2))

    (instrument,) = load_dataset(tmp_path / "ds").instruments
    assert (instrument.tick, instrument.guessed) == (0.01, ())


@pytest.mark.parametrize(
    ("changes", "provenance", "said"),
    [
        (
            {"tick": 0.05},
            {},
            "the tick of ACME at NASDAQ is 0.01 in the dataset and 0.05",
        ),
        ({"depth": 5}, {}, "the depth of ACME"),
        (
            {},
            {"timezone": "America/New_York"},
            "timezone is UTC, that of these files America",
        ),
        ({}, {"crossed": "drop"}, "policy for crossed quotes is keep"),
        ({}, {"clock_offset_ns": 5}, "clock offset"),
    ],
)
def test_what_was_read_otherwise_is_not_added(tmp_path, day, changes, provenance, said):
    """One dataset has one meaning."""
    grow(tmp_path / "ds", 0, tapes=day)

    with pytest.raises(DataError, match=said), growing(tmp_path / "ds") as grown:
        grown.add([Tapes([day(1, **changes)], replace(MADE_UP, **provenance))])

    assert dates(tmp_path / "ds") == ["2023-11-15"]


def test_order_messages_are_beside_the_tape_and_no_tape(tmp_path, day):
    """Their files are in the manifest with size and hash, and looked for when it is opened."""
    tape = replace(day(0), orders=day(0).frame.select("ts", order_id="ts"))
    with growing(tmp_path / "ds") as grown:
        grown.add([Tapes([tape], MADE_UP)], source=source(0))

    dataset = load_dataset(tmp_path / "ds")
    (orders,) = dataset.manifest.orders
    assert (orders.rows, orders.path.rpartition("/")[2]) == (2, "orders-0.parquet")
    assert len(dataset.files) == 1
    (dataset.path / orders.path).unlink()
    with pytest.raises(DataError, match=r"orders-0\.parquet is missing"):
        load_dataset(dataset.path)


def test_a_dataset_in_an_object_store_grows_too(tmp_path, acme, tape_of):
    """What is there stays and counts: the book goes on, and files are put beside."""
    store = locate(f"memory://{tmp_path.name}/ds")
    level = {"kind": 1, "side": 1, "price": 100.0, "size": 1.0}
    one = tape_of([{"kind": 2, "ts": START_NS}, {**level, "ts": START_NS}])
    crossing = {**level, "side": -1, "price": 99.0, "ts": START_NS + DAY_NS}

    for number, frame in enumerate((one, tape_of([crossing]))):
        with growing(store) as grown:
            tapes = Tapes([Tape(acme, frame)], MADE_UP)
            grown.add([tapes], source=source(number))

    assert [f.crossed_times for f in load_dataset(store).files] == [0, 1]
    with growing(store) as grown:
        assert grown.has(source(1).key)
