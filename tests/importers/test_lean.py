"""Lean days: made-up ones, and IBM and EUR/USD where they are there."""

from __future__ import annotations

import zipfile

import polars as pl
import pytest

from mmrun.importers import lean
from mmrun.market.facts import facts_of
from mmrun.market.tape import Kind, Side
from mmrun.market.writer import write_dataset
from mmrun.problems import DataError


MIDNIGHT_NS = 1_381_118_400 * 10**9  # 2013-10-07 in New York
OPEN_MS = 34_200_000


@pytest.fixture
def day(tmp_path):
    """Writes files of the given names and texts, and gives their directory."""

    def write(folder: str = "ibm", **texts: str):
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        for content, text in texts.items():
            name = f"20131007_{place.name}_{content.title()}_Tick.csv"
            (place / name).write_text(text)
        return place

    return write


def frame_of(imported):
    """The frame of the only tape."""
    (tape,) = imported.tapes
    return tape.frame


def quotes_of(imported):
    """Quotes as tuples."""
    quotes = frame_of(imported).filter(pl.col("kind") == int(Kind.QUOTE))
    return quotes.select("bid", "bid_size", "ask", "ask_size").rows()


def test_a_one_sided_row_updates_that_side(day):
    """Zero is not a price; the other side stays as it was, across exchanges."""
    folder = day(
        quote=f"{OPEN_MS},1000000,5,0,0,N,1,0\n"
        f"{OPEN_MS + 1},0,0,1000100,7,P,1,0\n"
        f"{OPEN_MS + 2},999900,3,0,0,Q,1,0\n"
    )

    imported = lean.read([folder])

    assert quotes_of(imported) == [
        (100.0, 5.0, None, None),
        (100.0, 5.0, 100.01, 7.0),
        (99.99, 3.0, 100.01, 7.0),
    ]
    assert imported.tapes[0].instrument.venue == "NBBO"


def test_a_bid_row_and_the_ask_row_of_its_ms_are_one_quote(day):
    """The half-updated book between the two is not shown: it may look crossed."""
    folder = day(
        quote=f"{OPEN_MS},1000000,5,0,0,N,1,0\n{OPEN_MS},0,0,1000100,7,P,1,0\n"
        f"{OPEN_MS},1000200,5,0,0,N,1,0\n{OPEN_MS},0,0,1000300,7,P,1,0\n"
    )

    assert quotes_of(lean.read([folder])) == [
        (100.0, 5.0, 100.01, 7.0),
        (100.02, 5.0, 100.03, 7.0),
    ]


def test_trades_stand_before_the_quotes_of_their_ms_and_have_no_side(day):
    """A trade comes before the quote it may have caused."""
    folder = day(
        quote=f"{OPEN_MS},1000000,5,0,0,N,1,0\n{OPEN_MS + 5},1000050,5,0,0,N,1,0\n",
        trade=f"{OPEN_MS + 5},1000075,40,N,20002020,0\n",
    )

    imported = lean.read([folder])

    rows = frame_of(imported).select("ts", "kind", "price", "size", "side").rows()
    five_ms = MIDNIGHT_NS + (OPEN_MS + 5) * 10**6
    assert rows[1:] == [
        (five_ms, Kind.TRADE, 100.0075, 40.0, Side.UNKNOWN),
        (five_ms, Kind.QUOTE, None, None, None),
    ]
    assert not imported.tapes[0].instrument.has_trade_side


def test_prints_off_the_exchanges_are_left_out_unless_asked_for(day):
    """They are reported late; how many they are is said."""
    folder = day(
        quote=f"{OPEN_MS},1000000,5,0,0,N,1,0\n",
        trade=f"{OPEN_MS},1000000,30,N,0,0\n{OPEN_MS},1000000,10,D,0,0\n",
    )

    without = lean.read([folder])
    with_them = lean.read([folder], off_exchange=True)

    assert len(frame_of(without)) == 2
    assert any("1 trades off the exchanges (25.0%" in note for note in without.notes)
    assert len(frame_of(with_them)) == 3


def test_suspicious_rows_are_left_out_and_counted(day):
    """A flagged quote does not reach the book."""
    folder = day(
        quote=f"{OPEN_MS},1000000,5,0,0,N,1,0\n{OPEN_MS + 1},1,5,0,0,N,1,1\n",
        trade=f"{OPEN_MS},1000000,30,N,0,1\n",
    )

    imported = lean.read([folder])

    assert quotes_of(imported) == [(100.0, 5.0, None, None)]
    assert sum("suspicious" in note for note in imported.notes) == 2


def test_the_book_starts_anew_each_day(tmp_path):
    """Yesterday's ask is not today's."""
    folder = tmp_path / "ibm"
    folder.mkdir()
    first, second = (folder / f"201310{d}_ibm_Quote_Tick.csv" for d in ("07", "08"))
    first.write_text(f"{OPEN_MS},0,0,1000100,7,P,1,0\n")
    second.write_text(f"{OPEN_MS},1000000,5,0,0,N,1,0\n")

    assert quotes_of(lean.read([second, first])) == [
        (None, None, 100.01, 7.0),
        (100.0, 5.0, None, None),
    ]


def test_forex_dealers_have_clocks_of_their_own(tmp_path):
    """FXCM is five hours behind UTC; both are venues of one symbol, without sizes."""
    for dealer in ("oanda", "fxcm"):
        folder = tmp_path / dealer / "eurusd"
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / "20140508_quote.zip", "w") as archive:
            archive.writestr(
                "20140508_eurusd_tick_quote.csv", "3600000,1.39147,1.3915\n"
            )

    imported = lean.read([tmp_path])

    midnight = 1_399_507_200 * 10**9
    found = {t.instrument.venue: t.frame.row(0, named=True) for t in imported.tapes}
    assert {venue: row["ts"] - midnight for venue, row in found.items()} == {
        "OANDA": 3_600 * 10**9,
        "FXCM": 6 * 3_600 * 10**9,
    }
    assert (found["FXCM"]["bid"], found["FXCM"]["ask"]) == (1.39147, 1.3915)
    assert found["FXCM"]["bid_size"] is None
    assert {t.instrument.symbol for t in imported.tapes} == {"EURUSD"}
    assert imported.tapes[0].instrument.tick == pytest.approx(1e-5, rel=1e-12)
    assert imported.provenance.timezone == "UTC"


@pytest.mark.parametrize(
    ("content", "text", "said"),
    [
        ("quote", "", "is empty"),
        ("quote", "1,2,3,4\n", "csv:1: 4 columns; expected 8"),
        ("quote", "1,1.1,1.2\n", "no dealer's directory"),
        ("quote", "1,100.5,5,0,0,N,1,0\n", "csv:1: bid is '100.5'; expected a whole"),
        ("quote", "1,-5,5,0,0,N,1,0\n", "csv:1: bid is '-5'; expected a price"),
        ("quote", "ms,bid,size,ask,size,x,c,s\n", "csv:1: ms is 'ms'"),
        ("quote", "-1,5,5,0,0,N,1,0\n", "ms is '-1'; expected milliseconds"),
        (
            "quote",
            "2,5,5,0,0,N,1,0\n1,5,5,0,0,N,1,0\n",
            "csv:2: time goes back from 2 to 1 ms",
        ),
        ("trade", "1,0,5,N,0,0\n", "csv:1: price is '0'; expected a price above 0"),
        ("trade", "1,5,-5,N,0,0\n", "csv:1: size is '-5'"),
    ],
)
def test_what_cannot_be_right_is_named_with_its_line(day, content, text, said):
    """The first wrong line is shown with what was found and what was expected."""
    folder = day(**{content: text})

    with pytest.raises(DataError, match=said):
        lean.read([folder])


def test_dealers_have_quotes_only_and_prices_are_decimal(day):
    """A forex trade file is unknown, and so is a price in words."""
    with pytest.raises(DataError, match="trades of a dealer"):
        lean.read([day("oanda/eurusd", trade="1,1.1,5\n")])
    with pytest.raises(DataError, match="csv:1: bid is 'x'; expected a price"):
        lean.read([day("fxcm/gbpusd", quote="1,x,1.1\n")])


def test_names_and_days_are_checked(day, tmp_path):
    """Bars, a date that is none, and a day given twice."""
    folder = day(quote=f"{OPEN_MS},1000000,5,0,0,N,1,0\n")
    bars = tmp_path / "20131007_ibm_minute_trade.csv"
    bars.write_text("1,1,1,1,1,1\n")
    wrong = tmp_path / "20131332_ibm_Quote_Tick.csv"
    wrong.write_text("1,1,1,1,1,N,0,0\n")

    with pytest.raises(DataError, match="not a Lean tick file name"):
        lean.read([bars])
    with pytest.raises(DataError, match="'20131332' in a file's name is not a date"):
        lean.read([wrong])
    with pytest.raises(DataError, match="is the same day as"):
        lean.read([folder, folder])


@pytest.fixture(scope="module")
def ibm(shared_data):
    """Two days of IBM."""
    return lean.read([shared_data / "lean-us-equity-nbbo"])


def test_every_row_of_ibm_is_accounted_for(ibm):
    """The README's rows: pairs of 109,067 and 125,750, trades less those off exchange."""
    frame = frame_of(ibm)

    counts = dict(frame["kind"].value_counts().iter_rows())

    # A first row of one side; then pairs, of which one row a day is suspicious.
    assert counts[Kind.QUOTE] == (109_067 + 1) // 2 + 125_750 // 2
    assert counts[Kind.TRADE] == 24_293 - 7_458 + 33_381 - 10_777
    said = "\n".join(ibm.notes)
    for known in ("109,067 quote", "125,750 quote", "24,293 trades", "33,381 trades"):
        assert known in said
    assert "7,458 trades off the exchanges (31.0%" in said
    assert frame["ts"].is_sorted()


def test_ibm_is_hardly_crossed_and_its_spread_is_three_cents(ibm):
    """One consolidated book; a book for each exchange would be crossed 99 % of the time."""
    (tape,) = ibm.tapes

    facts = facts_of(tape.frame, tape.instrument)

    assert facts.crossed < 0.001 * 45_075
    assert facts.spread_median == pytest.approx(0.03)
    assert facts.off_tick_quotes == 0


def test_ibm_is_stored_by_its_dates_in_new_york(ibm, tmp_path):
    """04:00 to 20:00 of two days, not three days of UTC."""
    dataset = write_dataset(tmp_path / "ds", ibm.tapes, ibm.provenance)

    assert [file.date for file in dataset.files] == ["2013-10-07", "2013-10-08"]


def test_two_dealers_agree_after_their_clocks_are_set_right(shared_data):
    """README: 87,833 and 167,466 rows, 10.9 % crossed, mids 0.04 pips apart."""
    imported = lean.read([shared_data / "lean-eurusd-2venues"])

    rows = {tape.instrument.venue: tape.frame for tape in imported.tapes}
    assert {venue: len(frame) for venue, frame in rows.items()} == {
        "FXCM": 167_466,
        "OANDA": 87_833,
    }
    mids = {
        venue: frame.select("ts", ((pl.col("bid") + pl.col("ask")) / 2).alias(venue))
        for venue, frame in rows.items()
    }
    both = mids["OANDA"].join_asof(mids["FXCM"], on="ts").drop_nulls()
    apart = (both["OANDA"] - both["FXCM"]).drop_nulls() * 1e4
    assert abs(float(apart.mean())) < 0.1
    assert float(apart.std()) < 0.5
