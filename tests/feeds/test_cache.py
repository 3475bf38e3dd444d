"""The cache of decoded tapes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from mmrun.feeds import tape_file
from mmrun.feeds.limited_folder import LimitedFolder
from mmrun.feeds.replay import Replay
from mmrun.market.tape import BATCH_COLUMNS, PACKED_COLUMNS
from mmrun.market.writer import Tape
from mmrun.problems import DataError, UsageError


START_NS = 1_700_000_000_000_000_000
ROWS = 10
PIECE_ROWS = 4


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache of the test's own, with small pieces."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MMRUN_CACHE_GB", "1")
    monkeypatch.setattr(tape_file, "CHUNK_ROWS", PIECE_ROWS)
    return tmp_path / "cache" / "mmrun" / "tapes"


@pytest.fixture
def dataset(write_tapes, acme, tape_of):
    """Quotes and trades, some values of them unknown."""
    kinds = [
        {"kind": 0, "bid": 99.5, "bid_size": 3.0, "ask": 100.1, "ask_size": None},
        {"kind": 3, "price": 100.1, "size": 2.0, "side": -1},
    ]
    rows = [{**kinds[i % 2], "ts": START_NS + i} for i in range(ROWS)]
    return write_tapes(Tape(acme, tape_of(rows)))


def read(dataset):
    """All rows as bytes, column by column."""
    batches = list(Replay(dataset, heartbeat_ns=0).batches())
    rows = {
        name: b"".join(getattr(batch, name).tobytes() for batch in batches)
        for name in BATCH_COLUMNS
    }
    packed = {
        name: b"".join(getattr(batch.packed, name).tobytes() for batch in batches)
        for name in PACKED_COLUMNS
    }
    return rows | packed


def spoil(dataset):
    """Make the Parquet file one that cannot be decoded."""
    path = dataset.path / dataset.files[0].path
    path.write_bytes(b"x" * path.stat().st_size)


def pieces(folder):
    """The kept files by first row."""
    return sorted(folder.iterdir(), key=lambda file: int(file.name.split("-")[1]))


def test_the_second_run_decodes_no_parquet(folder, dataset, monkeypatch):
    """What was read once is read again without the tape file, byte for byte."""
    monkeypatch.setenv("MMRUN_CACHE_GB", "0")
    decoded = read(dataset)
    monkeypatch.setenv("MMRUN_CACHE_GB", "1")

    first = read(dataset)
    spoil(dataset)
    second = read(dataset)

    assert first == second == decoded


def test_pieces_are_arrow_files(folder, dataset):
    """polars opens what is kept, and finds the rows in it."""
    rows = read(dataset)

    frames = [pl.read_ipc(file) for file in pieces(folder)]

    assert [len(frame) for frame in frames] == [4, 4, 2]
    whole = pl.concat(frames)
    assert whole.columns == [
        *("ts", "kind", "bid", "bid_size", "ask", "ask_size", "price", "size", "side"),
        *PACKED_COLUMNS,
    ]
    for name in whole.columns:
        assert whole[name].to_numpy().tobytes() == rows[name]


def test_mapped_columns_are_as_decoded_ones_and_writing_changes_no_file(
    folder, dataset
):
    """Writable, contiguous, aligned; a write stays in the process."""
    rows = read(dataset)

    batch = next(Replay(dataset, heartbeat_ns=0).batches())
    arrays = [getattr(batch, name) for name in BATCH_COLUMNS]
    arrays += [getattr(batch.packed, name) for name in PACKED_COLUMNS]
    for array in arrays:
        assert array.flags.writeable
        assert array.flags.c_contiguous
        assert array.flags.aligned
        array[:] = 7

    assert read(dataset) == rows


def test_what_is_packed_is_kept_by_the_tick(folder, dataset):
    """The same file with another tick has pieces of its own."""
    of_a_cent = read(dataset)
    instrument = replace(dataset.instruments[0], tick=0.05)
    manifest = replace(dataset.manifest, instruments=(instrument,))

    of_five = read(replace(dataset, manifest=manifest))

    assert len(pieces(folder)) == 6
    quotes = slice(0, None, 2)
    first = [np.frombuffer(rows["first"], np.int64) for rows in (of_a_cent, of_five)]
    assert first[0][quotes].tolist() == [9950] * 5
    assert first[1][quotes].tolist() == [1990] * 5
    assert read(dataset) == of_a_cent


def flip(data):
    """One bit of a value, others than the places of buffers."""
    middle = len(data) // 3
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        flip,
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: bytes(len(data)),
    ],
    ids=["a bit", "emptied", "torn", "zeros"],
)
def test_a_damaged_piece_is_made_anew(folder, dataset, damage):
    """Rows are right all the same, and the piece is sound again."""
    rows = read(dataset)
    file = pieces(folder)[1]
    sound = file.read_bytes()
    file.write_bytes(damage(sound))

    assert read(dataset) == rows

    assert file.read_bytes() == sound
    spoil(dataset)
    assert read(dataset) == rows


def test_a_piece_of_another_layout_is_made_anew(folder, dataset):
    """A file with the right checksum but other columns is not taken for the piece."""
    rows = read(dataset)
    victim = pieces(folder)[0]
    other = LimitedFolder(folder, 10**9)
    with other.incoming() as file:
        pl.DataFrame({"ts": [1, 2]}).write_ipc(file)
        from xxhash import xxh3_64_hexdigest

        key = victim.name.split("-")[0]
        other.take(file, f"{key}-0-{xxh3_64_hexdigest(file.read_bytes())}.arrow")
    victim.unlink()

    assert read(dataset) == rows
    assert victim.exists()


def test_without_a_folder_to_write_rows_are_decoded(folder, dataset):
    """A file where the folder should be means no cache."""
    folder.parent.parent.mkdir()
    folder.parent.write_text("in the way")

    assert len(read(dataset)["kind"]) == ROWS


def test_a_folder_for_reading_only_is_read(folder, dataset, monkeypatch):
    """As a CI job may mount it: uses cannot be noted, pieces cannot be added."""
    rows = read(dataset)
    pieces(folder)[2].unlink()

    def refuse(*_, **__):
        raise PermissionError

    monkeypatch.setattr("os.utime", refuse)
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    assert read(dataset) == rows
    assert len(pieces(folder)) == 2


def test_other_files_in_the_folder_are_left_alone(folder, dataset):
    """A copy that somebody made of a piece is no piece."""
    rows = read(dataset)
    copy = pieces(folder)[0].with_suffix(".arrow.bak")
    copy.write_text("a copy")

    assert read(dataset) == rows

    assert copy.read_text() == "a copy"


def test_a_full_disk_means_no_cache(folder, dataset, monkeypatch):
    """Where a piece cannot be written whole nothing of it stays."""
    monkeypatch.setattr(tape_file, "CHUNK_ROWS", ROWS)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))
    try:
        rows = read(dataset)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert len(rows["kind"]) == ROWS
    assert list(folder.iterdir()) == []


def test_a_file_changed_since_its_import_is_not_kept(folder, dataset):
    """The manifest's hash stands for other bytes, so nothing goes by its name."""
    file = replace(dataset.files[0], sha256="0" * 64)
    manifest = replace(dataset.manifest, files=(file,))

    assert len(read(replace(dataset, manifest=manifest))["kind"]) == ROWS

    assert not folder.exists()


def test_removing_a_piece_leaves_it_to_who_has_it_mapped(folder, dataset):
    """Another process may evict what this one reads."""
    rows = read(dataset)
    spoil(dataset)
    batches = Replay(dataset, heartbeat_ns=0).batches()

    batch = next(batches)
    for file in pieces(folder):
        file.unlink()

    assert batch.ts.tobytes() == rows["ts"][: 8 * PIECE_ROWS]
    with pytest.raises(DataError, match="cannot be decoded"):
        next(batches)


def test_readers_that_make_one_piece_at_a_time_all_succeed(folder, dataset):
    """One file a piece stays, whoever came first."""
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(read, [dataset] * 8))

    assert all(rows == results[0] for rows in results)
    assert len(pieces(folder)) == 3


@pytest.mark.slow
def test_processes_that_make_one_piece_at_a_time_all_succeed(folder, dataset):
    """As above, with nothing shared but the folder."""
    code = (
        "import sys, pathlib; from mmrun.feeds.replay import Replay;"
        "from mmrun.market.dataset import load_dataset;"
        "data = load_dataset(pathlib.Path(sys.argv[1]));"
        "print(sum(len(batch) for batch in Replay(data, heartbeat_ns=0).batches()))"
    )
    command = [sys.executable, "-c", code, str(dataset.path)]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]

    assert [process.communicate()[0] for process in started] == [f"{ROWS}\n"] * 4
    spoil(dataset)
    assert subprocess.check_output(command, text=True) == f"{ROWS}\n"


@pytest.mark.parametrize("text", ["lots", "-1", "nan", "inf"])
def test_a_limit_that_is_no_size_is_said(folder, dataset, monkeypatch, text):
    """The message names the variable."""
    monkeypatch.setenv("MMRUN_CACHE_GB", text)

    with pytest.raises(UsageError, match="MMRUN_CACHE_GB"):
        Replay(dataset).batches()


def test_a_limit_of_zero_is_no_cache(folder, dataset, monkeypatch):
    """Nothing is written or looked for."""
    monkeypatch.setenv("MMRUN_CACHE_GB", "0")

    read(dataset)

    assert not folder.exists()


def add(folder: LimitedFolder, name: str, size: int) -> bool:
    """Add a file of a size."""
    with folder.incoming() as file:
        file.write_bytes(bytes(size))
        return folder.take(file, name)


def names(path: Path) -> set[str]:
    """The files of a folder."""
    return {file.name for file in path.iterdir()}


def age(path: Path, seconds: int) -> None:
    """Make a file's last use an earlier one."""
    then_ns = path.stat().st_mtime_ns - seconds * 10**9
    os.utime(path, ns=(then_ns, then_ns))


def test_the_file_unused_for_longest_makes_room(tmp_path):
    """By last use, not by age; what killed processes left goes like the rest."""
    before = LimitedFolder(tmp_path, 100)
    for name in ("first", "second", "left.partial"):
        assert add(before, name, 30)
    age(tmp_path / "first", 30)
    age(tmp_path / "left.partial", 20)
    age(tmp_path / "second", 10)
    before.use("first")

    assert add(LimitedFolder(tmp_path, 100), "new", 40)

    assert names(tmp_path) == {"first", "second", "new"}


def test_a_run_removes_nothing_that_it_used(tmp_path):
    """What does not fit beside it is not kept, and nothing is removed in vain."""
    earlier = LimitedFolder(tmp_path, 100)
    assert add(earlier, "other", 20)
    run = LimitedFolder(tmp_path, 100)
    assert add(run, "mine", 60)

    assert not add(run, "more", 50)

    assert names(tmp_path) == {"other", "mine"}
    assert add(LimitedFolder(tmp_path, 100), "later", 90)
    assert names(tmp_path) == {"later"}


def test_half_of_the_free_disk_is_left(tmp_path, monkeypatch):
    """Whatever the limit allows."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=50))

    assert not add(LimitedFolder(tmp_path, 10**9), "big", 60)
    assert add(LimitedFolder(tmp_path, 10**9), "small", 40)


def test_numbers_of_missing_columns_are_missing(folder, write_tapes, acme, quotes_at):
    """A tape of quotes keeps no prices of trades, and has NaN for them."""
    dataset = write_tapes(Tape(acme, quotes_at([START_NS])))

    read(dataset)
    (batch,) = Replay(dataset, heartbeat_ns=0).batches()

    assert np.isnan(batch.price).all()
    assert batch.bid.tolist() == [100.0]
    assert "price" not in pl.read_ipc(pieces(folder)[0]).columns
