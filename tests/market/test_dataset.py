"""Opening datasets, and what is said when they cannot be opened."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from mmrun.documents import read_document, validate
from mmrun.market.dataset import (
    choose_instrument,
    choose_instruments,
    files_of,
    files_of_all,
    load_dataset,
)
from mmrun.market.manifest import from_data, to_data, to_yaml
from mmrun.market.writer import Tape
from mmrun.problems import DataError, NothingSelectedError, UsageError


START_NS = 1_700_000_000 * 10**9  # 2023-11-14T22:13:20Z
DAY_NS = 86_400 * 10**9


@pytest.fixture
def dataset(write_tapes, quotes_at, acme):
    """Two days of ACME."""
    return write_tapes(
        Tape(acme, quotes_at([START_NS, START_NS + 1, START_NS + DAY_NS]))
    )


def test_a_dataset_is_read_as_it_was_written(dataset):
    """The manifest says of a dataset what its writer was told."""
    found = load_dataset(dataset.path)

    assert found == dataset
    assert found.rows == {"quote": 3}
    assert found.span == (START_NS, START_NS + DAY_NS)
    assert [file.date for file in found.files] == ["2023-11-14", "2023-11-15"]


def test_a_dataset_can_be_named_by_its_manifest(dataset):
    """`dataset.yaml` names the dataset it belongs to."""
    assert load_dataset(dataset.path / "dataset.yaml") == dataset


def test_the_manifest_keeps_to_its_schema(dataset):
    """What is written is what the published schema allows."""
    document, problems = read_document(dataset.path / "dataset.yaml")

    assert problems == ()
    assert validate(document, "dataset") == ()


def test_a_manifest_survives_writing_and_reading(dataset, acme):
    """YAML keeps every figure, also a small tick, an unknown depth and odd names."""
    odd = replace(acme, symbol="NO", tick=1e-5, depth=None, inverse=True)
    manifest = replace(dataset.manifest, instruments=(odd,))

    assert from_data(yaml.safe_load(to_yaml(manifest))) == manifest
    assert next(iter(to_data(manifest))) == "mmrun"


def test_the_content_hash_follows_the_content_not_the_place(
    write_tapes, quotes_at, acme
):
    """Equal tapes have equal hashes wherever they lie, others have another."""
    tapes = [Tape(acme, quotes_at([START_NS])), Tape(acme, quotes_at([START_NS + 1]))]
    first = write_tapes(tapes[0], name="a")
    again = write_tapes(tapes[0], name="b")
    other = write_tapes(tapes[1], name="c")

    assert first.content_hash == again.content_hash != other.content_hash


def test_a_missing_directory_brings_the_nearest_name(dataset):
    """A misspelt path is answered with the directory that was likely meant."""
    with pytest.raises(DataError, match="does not exist") as caught:
        load_dataset(dataset.path.with_name("dss"))

    assert str(dataset.path) in caught.value.hint


def test_a_file_is_not_a_dataset(tmp_path):
    """A vendor's file given as a dataset is answered with `mmrun import`."""
    path = tmp_path / "AAPL.zip"
    path.write_bytes(b"PK")

    with pytest.raises(DataError, match="is a file") as caught:
        load_dataset(path)

    assert "mmrun import" in caught.value.hint


def test_a_directory_of_datasets_names_them(dataset):
    """The parent of datasets is no dataset; its children are offered."""
    with pytest.raises(DataError, match=r"has no dataset\.yaml") as caught:
        load_dataset(dataset.path.parent)

    assert str(dataset.path) in caught.value.hint


def test_a_truncated_file_is_found_by_its_size(dataset):
    """A tape file shorter than the manifest says is refused before it is decoded."""
    path = dataset.path / dataset.files[0].path
    path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(DataError, match="truncated or changed"):
        load_dataset(dataset.path)


def test_a_file_that_is_gone_is_named(dataset):
    """A tape file the manifest lists must be there."""
    path = dataset.path / dataset.files[1].path
    path.unlink()

    with pytest.raises(DataError, match="is missing") as caught:
        load_dataset(dataset.path)

    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("mmrun: 1", "mmrun: 2", "expected `mmrun: 1`"),
        ("mmrun: 1", "mmrun: [", "cannot be read"),
        ("crossed: keep", "crossed: maybe", "shape"),
        ("tick: 0.01", "tack: 0.01", "shape"),
        ("path: symbol", "path: ../symbol", "outside"),
    ],
)
def test_a_broken_manifest_is_said(dataset, old, new, said):
    """A manifest that cannot be right is an error with the file's name."""
    path = dataset.path / "dataset.yaml"
    path.write_text(path.read_text().replace(old, new))

    with pytest.raises(DataError, match=said) as caught:
        load_dataset(dataset.path)

    assert "dataset.yaml" in str(caught.value)


def test_the_only_symbol_need_not_be_chosen(dataset, acme):
    """A dataset of one symbol is replayed without naming it."""
    assert choose_instrument(dataset) == acme
    assert choose_instrument(dataset, "ACME") == acme


def test_an_open_choice_lists_the_symbols(write_tapes, quotes_at, acme):
    """With several symbols none is taken silently."""
    tapes = [
        Tape(replace(acme, symbol=name), quotes_at([START_NS])) for name in ("B", "A")
    ]
    dataset = write_tapes(*tapes)

    with pytest.raises(DataError, match=r"2 symbols \(A, B\)"):
        choose_instrument(dataset)
    with pytest.raises(DataError, match="no symbol 'C'"):
        choose_instrument(dataset, "C")


@pytest.fixture
def venues(write_tapes, quotes_at, acme):
    """ACME at X and at Y, which begins a second earlier."""
    return write_tapes(
        Tape(replace(acme, venue="X"), quotes_at([START_NS, START_NS + DAY_NS])),
        Tape(replace(acme, venue="Y"), quotes_at([START_NS - 10**9])),
    )


def test_where_one_venue_is_needed_two_are_refused(venues):
    """What takes the tape of one venue alone says which there are."""
    with pytest.raises(DataError, match=r"on 2 venues \(X, Y\)"):
        choose_instrument(venues)


@pytest.mark.parametrize(
    ("named", "chosen"),
    [
        ((), ["X", "Y"]),
        (("Y", "X"), ["Y", "X"]),
        (("Z", "Y"), ["Y"]),
    ],
)
def test_venues_are_those_named_in_their_order_or_all(venues, named, chosen):
    """A venue that the data does not have is no error while another is there."""
    found = choose_instruments(venues, "ACME", named)

    assert [each.venue for each in found] == chosen


def test_none_of_the_venues_is_a_slip(venues):
    """Both sides are named, the strategy's and the data's."""
    with pytest.raises(UsageError, match=r"quotes Z, W, the data is of X, Y"):
        choose_instruments(venues, None, ("Z", "W"))


def test_files_of_all_venues_come_by_their_first_time(venues):
    """Sessions are laid over the days of every venue."""
    instruments = choose_instruments(venues)

    found = files_of_all(venues, instruments)

    assert [(file.venue, file.date) for file in found] == [
        ("Y", "2023-11-14"),
        ("X", "2023-11-14"),
        ("X", "2023-11-15"),
    ]


def test_days_are_chosen_with_both_ends(dataset, acme):
    """A range of days includes its first and its last."""
    chosen = files_of(dataset, acme, ("2023-11-15", "2023-11-15"))

    assert [file.date for file in chosen] == ["2023-11-15"]


def test_days_that_are_not_there_select_nothing(dataset, acme):
    """A range without data is an error that lists what there is."""
    with pytest.raises(NothingSelectedError, match="2023-11-14, 2023-11-15"):
        files_of(dataset, acme, ("2024-01-01", "2024-12-31"))
