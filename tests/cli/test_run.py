"""`mmrun run`: the report, the files, the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from jsonschema import Draft202012Validator

from mmrun import api
from mmrun.cli import run as mmrun
from mmrun.report.summary import summary_schema


STRATEGY = """\
mmrun: 1
name: small
quote: {half_spread: 0.4bps, size: 10}
risk: {max_inventory: 100}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a small strategy."""
    (tmp_path / "small.yaml").write_text(STRATEGY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_prints_a_report_and_says_where_the_files_are(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run prints its report and names the directory it leaves."""
    code = mmrun(["run", "small.yaml"])

    out = capsys.readouterr().out
    assert code == 0
    assert "net = spread + inventory - fees + rebates" in out
    folder = here / out.rsplit("files: ", 1)[1].strip()
    assert sorted(path.name for path in folder.iterdir()) == [
        "decisions.parquet",
        "equity.parquet",
        "fills.parquet",
        "manifest.json",
        "orders.parquet",
        "strategy.yaml",
        "summary.json",
    ]


def test_json_is_the_summary_with_timing_and_nothing_else(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--json prints one object: the summary of its schema, and the timing."""
    mmrun(["run", "small.yaml", "--json", "-o", "out"])

    printed = json.loads(capsys.readouterr().out)
    timing = printed.pop("timing")
    assert set(timing) == {
        "engine_s",
        "decode_s",
        "report_s",
        "elapsed_s",
        "events_per_second",
        "peak_rss_mb",
    }
    assert printed == json.loads((here / "out/summary.json").read_text())
    Draft202012Validator(summary_schema()).validate(printed)


def test_the_same_inputs_leave_the_same_bytes(here: Path) -> None:
    """Two runs differ in the manifest's timing block alone."""
    for name in ("a", "b"):
        mmrun(["run", "small.yaml", "-o", name])

    for path in sorted((here / "a").iterdir()):
        one, other = path.read_bytes(), (here / "b" / path.name).read_bytes()
        if path.name == "manifest.json":
            one, other = (json.loads(text) | {"timing": 0} for text in (one, other))
        assert one == other, path.name


def test_settings_reach_the_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """-s changes a value by its dotted path, and the resolved file says so."""
    mmrun(["run", "small.yaml", "-s", "risk.max_inventory=20", "-o", "out", "--json"])

    assert json.loads(capsys.readouterr().out)["max_abs_inventory"] <= 20
    assert "max_inventory: 20" in (here / "out/strategy.yaml").read_text()


def test_settings_have_one_option(here: Path) -> None:
    """`--set` is of `quote`, where it sets lets and state; a run takes -s alone."""
    assert mmrun(["run", "small.yaml", "--set", "risk.max_inventory=20"]) == 2


def test_several_fill_models_give_a_band(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--fills a,b shows the models side by side and keeps the first one's files."""
    mmrun(["run", "small.yaml", "--fills", "queue,through,touch", "-o", "out"])

    out = capsys.readouterr().out
    band = out[out.index("fill model     ") :]
    fills = {line.split()[0]: line.split()[2] for line in band.splitlines()[1:4]}
    assert set(fills) == {"queue", "through", "touch"}
    kept = json.loads((here / "out/summary.json").read_text())
    assert kept["fill_model"] == "queue"
    assert f"{kept['fills']:,}" == fills["queue"]


def test_touch_fills_at_least_what_queue_and_through_fill(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Optimism is ordered: touch trades more volume than queue, queue than through."""
    volumes = []
    for model in ("through", "queue", "touch"):
        mmrun(["run", "small.yaml", "--fills", model, "--json", "-o", f"out-{model}"])
        volumes.append(json.loads(capsys.readouterr().out)["fill_volume"])

    assert volumes == sorted(volumes)
    assert volumes[0] < volumes[-1]


def test_every_second_of_a_side_has_a_rule(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Quoted time and unquoted time by rule sum to the session on each side."""
    arguments = ["run", "small.yaml", "--latency", "feed=1ms,order=2ms,cancel=2ms"]
    mmrun([*arguments, "--json", "-o", "out"])

    summary = json.loads(capsys.readouterr().out)
    for side in ("bid", "ask"):
        unquoted = sum(summary["unquoted_time_s"][side].values())
        quoted = summary[f"{side}_uptime"] * summary["session_s"]
        assert quoted + unquoted == pytest.approx(summary["session_s"], rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "nowhere.yaml"], 2, "nowhere.yaml"),
        (["run", "small.yaml", "--data", "nowhere"], 3, "nowhere"),
        (["run", "small.yaml", "--fills", "quue"], 2, "did you mean 'queue'?"),
        (["run", "small.yaml", "--fills", "poisson:1,2"], 2, "not supported yet"),
        (["run", "small.yaml", "--fills", "through:0"], 2, "through:TICKS"),
        (["run", "small.yaml", "--latency", "order=2"], 2, "expected a time"),
        (["run", "small.yaml", "--latency", "ordr=2ms"], 2, "feed, order, cancel"),
        (["run", "small.yaml", "--latency", "order=-2ms"], 2, "not negative"),
        (["run", "small.yaml", "-s", "risk.max_inventori=5"], 1, "max_inventory"),
        (["run", "small.yaml", "-s", "risk.max_inventory=-5"], 1, "above 0"),
        (["run", "small.yaml", "--symbols", "ACNE"], 3, "did you mean 'ACME'?"),
        (["run", "small.yaml", "--days", "2001-01-01"], 5, "2024-03-04"),
        (["rum", "small.yaml"], 2, "Did you mean 'run'?"),
    ],
)
def test_what_is_wrong_is_said_with_its_exit_code(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    """A wrong argument gets a message and its code, no traceback and no output."""
    found = mmrun(arguments)

    captured = capsys.readouterr()
    assert found == code
    assert said in captured.err
    assert "Traceback" not in captured.err + captured.out
    assert not (here / "runs").exists()


def test_a_strategy_of_another_venue_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A strategy that quotes a venue the data does not have says both names."""
    (here / "arca.yaml").write_text(STRATEGY + "venues: {ARCA: {maker_fee: 1bps}}\n")

    code = mmrun(["run", "arca.yaml"])

    assert code == 2
    assert "ARCA, the data is of NASDAQ" in capsys.readouterr().err


def test_fees_and_rebates_by_the_share(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rebate of 0.0020/share pays that for each share filled."""
    (here / "fees.yaml").write_text(
        STRATEGY + "venues: {NASDAQ: {maker_rebate: 0.0020/share}}\n"
    )

    mmrun(["run", "fees.yaml", "--json", "-o", "out"])

    summary = json.loads(capsys.readouterr().out)
    assert summary["rebates"] == pytest.approx(0.0020 * summary["fill_volume"])
    assert summary["fees"] == 0.0


def test_a_directory_that_is_not_a_run_is_left_alone(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """-o refuses a directory with a user's own files."""
    (here / "mine").mkdir()
    (here / "mine/notes.txt").write_text("keep")

    code = mmrun(["run", "small.yaml", "-o", "mine"])

    assert code == 2
    assert "notes.txt" in capsys.readouterr().err
    assert [path.name for path in (here / "mine").iterdir()] == ["notes.txt"]


def test_fills_frame_agrees_with_the_summary(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The position is the sum of the fills that the Parquet file holds."""
    mmrun(["run", "small.yaml", "--json", "-o", "out"])

    summary = json.loads(capsys.readouterr().out)
    fills = pl.read_parquet(here / "out/fills.parquet")
    sign = pl.when(pl.col("side") == "buy").then(1).otherwise(-1)
    signed = fills.select((sign * pl.col("size")).sum()).item()
    assert len(fills) == summary["fills"]
    assert signed == pytest.approx(summary["final_inventory"])


OWN = """\
mmrun: 1
name: own
inputs: {alpha: {unit: bps}, theo: {unit: price, default: 150}}
quote: {fair: mid + alpha, half_spread: 0.4bps, size: 10}
risk: {max_inventory: 100}
"""


@pytest.fixture
def own(here: Path) -> Path:
    """A strategy with inputs, and a file for one of them in two formats."""
    (here / "own.yaml").write_text(OWN)
    rows = {"ts": [1_709_562_600 * 10**9 + 60 * 10**9 * k for k in range(9)]}
    frame = pl.DataFrame(rows | {"alpha": [0.1 * k for k in range(9)]})
    frame.write_parquet(here / "alpha.parquet")
    frame.rename({"alpha": "signal"}).write_csv(here / "alpha.csv")
    return here


def test_an_input_is_joined_told_of_and_part_of_the_id(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One content is one run, whatever file holds it; the manifest has its hash."""
    for name, given in (("a", "alpha.parquet:alpha"), ("b", "alpha.csv:signal")):
        assert mmrun(["run", "own.yaml", "--input", f"alpha={given}", "-o", name]) == 0

    page = " ".join(capsys.readouterr().out.split())
    manifests = [json.loads((own / n / "manifest.json").read_text()) for n in "ab"]
    assert "alpha, 9 values; theo is not given, its default holds" in page
    assert "alpha from signal, 9 values" in page
    assert manifests[0]["id"] == manifests[1]["id"]
    assert manifests[0]["inputs"]["theo"] is None
    hashes = {manifest["inputs"]["alpha"]["hash"] for manifest in manifests}
    assert len(hashes) == 1
    fills = [(own / name / "fills.parquet").read_bytes() for name in "ab"]
    assert fills[0] == fills[1]


def test_other_values_are_another_run(own: Path) -> None:
    """The content of an input goes into the run's id."""
    frame = pl.read_parquet(own / "alpha.parquet")

    ids = {
        api.run("own.yaml", inputs={"alpha": values}).manifest["id"]
        for values in (frame, frame.with_columns(alpha=pl.lit(0.0)))
    }

    assert len(ids) == 2


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ([], 2, "input 'alpha' is not given and has no default"),
        (["alhpa=alpha.parquet"], 2, "no input 'alhpa'; did you mean 'alpha'?"),
        (["alpha"], 2, "expected NAME=FILE:COLUMN"),
        (["alpha=a.parquet", "alpha=b.parquet"], 2, "alpha is given twice"),
        (["alpha=alpha.parquet:alhpa"], 3, "alpha.parquet has no column alhpa"),
        (["alpha=nowhere.parquet"], 3, "nowhere.parquet does not exist"),
    ],
)
def test_an_input_that_cannot_be_meant_is_refused(
    own: Path,
    capsys: pytest.CaptureFixture[str],
    given: list[str],
    code: int,
    message: str,
) -> None:
    """Not given, not declared, twice, no such file or column: each says which."""
    options = [part for text in given for part in ("--input", text)]

    assert mmrun(["run", "own.yaml", *options]) == code
    assert message in " ".join(capsys.readouterr().err.split())


def test_venues_that_the_data_does_not_have_are_said(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, once, whatever goes to stdout, and in the summary."""
    (here / "two.yaml").write_text(STRATEGY + "venues: {ARCA: {}, NASDAQ: {}}\n")

    code = mmrun(["run", "two.yaml", "--json", "--fills", "queue,touch"])

    out, err = capsys.readouterr()
    assert code == 0
    assert err.count("venues not in the data, without part in the run: ARCA\n") == 1
    assert json.loads(out)["absent_venues"] == ["ARCA"]
