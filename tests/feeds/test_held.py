"""A tape held in memory: read once, never mistaken for another."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from mmrun.feeds.held import HeldTape
from mmrun.feeds.replay import Replay, TapeFeed
from mmrun.feeds.tape_file import batch_of
from mmrun.market.tape import Batch


@pytest.fixture
def feed_of(acme, quotes_at):
    """Makes a feed in batches of two rows, of rows at the given seconds."""

    def make(*seconds: int, heartbeat_ns: int = 0) -> TapeFeed:
        rows = batch_of(quotes_at([second * 10**9 for second in seconds]))
        return TapeFeed(rows, (acme,), rows=2, heartbeat_ns=heartbeat_ns)

    return make


def times(batches: list[Batch]) -> list[int]:
    return np.concatenate([batch.ts for batch in batches]).tolist()


def test_a_second_reading_is_of_the_same_batches(write_tapes, acme, quotes_at) -> None:
    """Two replays of one dataset share what the first has decoded."""
    from mmrun.market.writer import Tape

    dataset = write_tapes(Tape(acme, quotes_at([1, 2, 3])))
    tape = HeldTape()
    first = list(tape.feed(Replay(dataset)).batches())

    second = list(tape.feed(Replay(dataset)).batches())

    assert all(a is b for a, b in zip(first, second, strict=True))
    assert tape.rows == sum(map(len, first))
    packed = 3 * (2 * 8 + 1)  # of the rows, not of the clock rows after them
    assert tape.bytes == tape.rows * (7 * 8 + 4) + packed


def test_other_clock_rows_are_another_tape(write_tapes, acme, quotes_at) -> None:
    """A changed heartbeat, hours or days are read anew, not taken from memory."""
    from mmrun.market.writer import Tape

    dataset = write_tapes(Tape(acme, quotes_at([0, 10 * 10**9])))
    tape = HeldTape()
    list(tape.feed(Replay(dataset)).batches())

    for other in (
        Replay(dataset, heartbeat_ns=5 * 10**9),
        Replay(dataset, session=((0, 10**9),)),
    ):
        assert times(list(tape.feed(other).batches())) == times(list(other.batches()))


def test_a_reading_broken_off_is_not_held(feed_of) -> None:
    """Half a tape is never taken for the whole."""
    feed, tape = feed_of(1, 2, 3, 4, 5), HeldTape()
    list(islice(tape.feed(feed).batches(), 1))

    again = list(tape.feed(feed).batches())

    assert len(times(again)) == 5


def test_a_tape_above_the_limit_is_not_held(feed_of) -> None:
    """All batches of a large tape are given, none is kept."""
    feed, tape = feed_of(1, 2, 3, 4, 5), HeldTape(limit=200)

    given = list(tape.feed(feed).batches())

    assert len(times(given)) == 5
    assert (tape.whole, tape.bytes) == (False, 0)
