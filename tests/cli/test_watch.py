"""`mmrun run --watch`: what is run again, what is said, how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from mmrun.cli import run as mmrun, run_ as command, watch
from mmrun.cli.watch import saves
from mmrun.feeds import held
from mmrun.market.tape import Batch
from mmrun.strategy import files_behind


STRATEGY = """\
mmrun: 1
name: small
extends: base.yaml
quote: {half_spread: edge, size: 10}
"""
BASE = """\
mmrun: 1
params: {edge: 0.4bps}
risk: {max_inventory: 100}
"""

Edit = Callable[[], object]


class Looks:
    """Stands for the pauses between looks: each runs the next step, then stops."""

    def __init__(self, *steps: Edit | None) -> None:
        self.steps = iter(steps)

    def __call__(self) -> None:
        for step in self.steps:
            if step is not None:
                step()
            return
        raise KeyboardInterrupt


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a strategy in two files."""
    (tmp_path / "small.yaml").write_text(STRATEGY)
    (tmp_path / "base.yaml").write_text(BASE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def editing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes edits happen while the watch waits, one a look; Ctrl-C after the last."""

    def edits(*steps: Edit) -> None:
        looks = Looks(*(look for step in steps for look in (step, None, None)))
        monkeypatch.setattr(command, "saves", partial(saves, wait=looks))

    return edits


def write(file: Path, old: str, new: str) -> Edit:
    """An edit: one text of a file becomes another."""
    return lambda: file.write_text(file.read_text().replace(old, new))


def test_a_save_runs_again_and_says_what_changed(
    here: Path, editing: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """The edit is named, figures stand side by side, both runs' files are there."""
    editing(write(here / "small.yaml", "size: 10", "size: 20"))

    code = mmrun(["run", "small.yaml", "--watch"])

    out = capsys.readouterr().out
    assert code == 130
    report, _, changes = out.partition("small.yaml saved\n")
    assert "Where it came from" in report
    assert "quote.size: 10 -> 20" in changes
    first, second = (here / text.split("\n")[0] for text in out.split("files: ")[1:])
    before, now = (
        json.loads((folder / "summary.json").read_text()) for folder in (first, second)
    )
    (row,) = (line for line in changes.splitlines() if line.startswith("fill_volume"))
    assert row.split()[1:] == [
        f"{before['fill_volume']:,.0f}",
        f"{now['fill_volume']:,.0f}",
        f"{now['fill_volume'] - before['fill_volume']:+,.0f}",
    ]


def test_what_the_file_extends_is_watched_too(
    here: Path, editing: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A save of a file that the strategy extends runs it again."""
    editing(write(here / "base.yaml", "0.4bps", "0.9bps"))

    mmrun(["run", "small.yaml", "--watch"])

    out = capsys.readouterr().out
    assert "base.yaml saved\n  params.edge: 0.4bps -> 0.9bps\n" in out


def test_problems_are_shown_and_the_watch_goes_on(
    here: Path, editing: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake is shown with its place; mending it is compared with the last run."""
    editing(
        write(here / "small.yaml", "half_spread: edge", "half_spread: edgy"),
        write(here / "small.yaml", "edgy, size: 10", "edge, size: 30"),
    )

    code = mmrun(["run", "small.yaml", "--watch"])

    printed = capsys.readouterr()
    assert code == 130
    assert "small.yaml:4:22: error[MM301] unknown name edgy" in printed.err
    assert "1 error in 1 file" in printed.err
    assert "quote.size: 10 -> 30" in printed.out


def test_a_file_with_problems_at_first_is_waited_for(
    here: Path, editing: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A watch may begin with a file that does not check yet."""
    write(here / "small.yaml", "edge", "edgy")()
    editing(write(here / "small.yaml", "edgy", "edge"))

    mmrun(["run", "small.yaml", "--watch"])

    assert "Where it came from" in capsys.readouterr().out


def test_an_edit_that_does_not_fit_the_data_is_said(
    here: Path, editing: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """What is no problem of the file alone is said in a sentence; the watch goes on."""
    editing(
        write(here / "base.yaml", "risk:", "venues: {XYZ: {}}\nrisk:"),
        write(here / "base.yaml", "venues: {XYZ: {}}\n", ""),
    )

    mmrun(["run", "small.yaml", "--watch"])

    printed = capsys.readouterr()
    assert "the strategy quotes XYZ, the data is of NASDAQ" in printed.err
    assert "no figure changed" in printed.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["missing.yaml"], 2),
        (["small.yaml", "--data", "nowhere"], 3),
        (["small.yaml", "--json"], 2),
    ],
)
def test_what_no_save_can_mend_ends_at_once(
    here: Path, editing: Callable[..., None], arguments: list[str], code: int
) -> None:
    """A watch that cannot begin has the exit code of the run."""
    editing()

    assert mmrun(["run", *arguments, "--watch"]) == code


def test_only_the_first_run_decodes(
    here: Path,
    editing: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Later runs take the tape from memory, how much is said, and give the same."""
    decoded: list[int] = []
    from mmrun.feeds.replay import Replay

    batches = Replay.batches

    def counted(self: Replay) -> Iterator[Batch]:
        decoded.append(1)
        return batches(self)

    monkeypatch.setattr(Replay, "batches", counted)
    editing(write(here / "base.yaml", "0.4bps", "0.41bps"), (here / "base.yaml").touch)
    mmrun(["run", "small.yaml", "--watch", "--fills", "queue,touch", "-o", "watched"])
    err = capsys.readouterr().err

    assert len(decoded) == 1
    assert "watching (50,325 rows in 3.7 MB of memory)" in err
    mmrun(["run", "small.yaml", "--fills", "queue", "-o", "alone"])
    for path in (here / "alone").glob("*.parquet"):
        assert path.read_bytes() == (here / "watched" / path.name).read_bytes()


def test_a_tape_too_large_is_read_again(
    here: Path,
    editing: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A tape that would take too much memory is not held, and that is said."""
    monkeypatch.setattr(held, "HeldTape", partial(held.HeldTape, limit=1_000))
    editing(write(here / "small.yaml", "size: 10", "size: 20"))

    mmrun(["run", "small.yaml", "--watch"])

    printed = capsys.readouterr()
    assert "watching (the tape is larger than 1,000 bytes" in printed.err
    assert "quote.size: 10 -> 20" in printed.out


def saved(looks: Looks, file: Path) -> list[tuple[Path, ...]]:
    """What `saves` gave until the looks were over."""
    found: list[tuple[Path, ...]] = []
    with suppress(KeyboardInterrupt):
        for change in saves(partial(files_behind, file), looks):
            found.append(change)  # noqa: PERF402  (kept when it is broken off)
    return found


def test_a_half_written_file_is_waited_for(here: Path) -> None:
    """A file still changing, or away for a look, counts once it has come to rest."""
    file, other = here / "small.yaml", here / "small.tmp"
    looks = Looks(
        lambda: file.write_text("mmrun: 1\n"),
        lambda: file.write_text("mmrun: 1\nname: half\n"),
        lambda: file.rename(other),
        lambda: other.rename(file),
        None,
        None,
    )

    assert saved(looks, file) == [(), (file,)]


def test_a_save_during_a_run_is_not_missed(here: Path) -> None:
    """What was saved after the look before a run began is run next."""
    file = here / "small.yaml"
    changes = saves(partial(files_behind, file), Looks(None, None))
    next(changes)
    file.write_text("mmrun: 1\nname: meanwhile\n")

    assert next(changes) == (file,)


def test_nothing_saved_is_nothing_run(here: Path) -> None:
    """Looks that find all as it was give nothing."""
    assert saved(Looks(None, None, None), here / "small.yaml") == [()]
    assert watch.EVERY_S <= 0.2
