"""Fixtures and settings for all tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import settings

from mmrun.market.dataset import Dataset
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Provenance
from mmrun.market.tape import polars_schema
from mmrun.market.writer import Tape, write_dataset


# No deadline: the first call of a compiled function takes most of a second.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Tests leave nothing in the user's cache of tapes; those of the cache have their own.
os.environ["MMRUN_CACHE_GB"] = "0"

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden files can be written anew instead of compared."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write golden files anew; the difference is for git to show",
    )


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recorded market data beside the checkout; it may not be committed.

    Without it tests are skipped, with CI set they fail.
    """
    folder = ROOT.parent / "shared" / "data"
    if folder.is_dir():
        return folder
    if os.environ.get("CI"):
        pytest.fail(f"no recorded market data at {folder}")
    pytest.skip(f"no recorded market data at {folder}")


@pytest.fixture(scope="session")
def acme() -> Instrument:
    """A made-up instrument with a tick of a cent."""
    return Instrument(symbol="ACME", venue="NASDAQ", tick=0.01, lot=1.0)


@pytest.fixture(scope="session")
def tape_of() -> Callable[[list[dict[str, Any]]], pl.DataFrame]:
    """Makes a tape's frame from rows given as dicts; what is left out is null."""

    def make(rows: list[dict[str, Any]]) -> pl.DataFrame:
        return pl.DataFrame(rows, schema=polars_schema())

    return make


@pytest.fixture(scope="session")
def quotes_at() -> Callable[[list[int]], pl.DataFrame]:
    """Makes a tape's frame of quote rows 100.00 to 100.01 at the given times, ns."""

    def make(times: list[int]) -> pl.DataFrame:
        row = {
            "kind": 0,
            "bid": 100.0,
            "bid_size": 10.0,
            "ask": 100.01,
            "ask_size": 20.0,
        }
        return pl.DataFrame([{**row, "ts": ts} for ts in times], schema=polars_schema())

    return make


@pytest.fixture
def write_tapes(
    tmp_path: Path,
) -> Callable[..., Dataset]:
    """Writes tapes as a dataset into a directory of the test."""

    def write(*tapes: Tape, name: str = "ds", timezone: str = "UTC") -> Dataset:
        provenance = Provenance(source="made up for a test", timezone=timezone)
        return write_dataset(tmp_path / name, tapes, provenance)

    return write
