"""Times mmrun beside hftbacktest on task T1 and prints a table: `make bench`.

    python benchmarks/bench.py [--rows 1e6] [--rounds 5] [--seed 7]

Both engines run the same tape in alternating rounds, each in a process that has loaded
and compiled; medians and the range of the ratios are printed. mmrun computes columns on a
second core beside its kernel, so the clock and the CPU seconds are both told. Their
fills, inventory and P&L must be equal. The table goes to benchmarks/RESULTS.md too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any


HERE = Path(__file__).parent
ROOT = HERE.parent
PEER = ROOT / "build" / "peer"
PEER_PACKAGE = "hftbacktest==2.4.4"
TAPE_MAKER = ROOT.parent / "shared" / "peerbench" / "make_data.py"
ONE_THREAD = {
    "NUMEXPR_MAX_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
}


def main() -> None:
    """Make the tape, run the rounds, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=float, default=1e6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    os.environ.update(ONE_THREAD)
    with tempfile.TemporaryDirectory() as folder:
        tape = make_tape(Path(folder) / "l1.parquet", int(options.rows), options.seed)
        lines = beside_hftbacktest(tape, options.rounds)
        lines += edit_to_event(tape, options.rounds)
        lines += new_process(tape, Path(folder), options.rounds)
    text = "\n".join([*heading(options), "", *lines]) + "\n"
    print(text)
    (HERE / "RESULTS.md").write_text(text, encoding="utf-8")


def make_tape(path: Path, rows: int, seed: int) -> Path:
    """A made-up tape of quotes and trades as Parquet: the benchmark's own where it is."""
    if TAPE_MAKER.exists():
        command = [sys.executable, str(TAPE_MAKER), str(rows), str(path), str(seed)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return path
    import numpy as np
    import polars as pl

    from mmrun.importers.synth import MarketModel, make

    minutes = rows / 1200  # about twenty rows a second
    made = make(MarketModel(minutes=minutes), np.random.default_rng(seed), "made up")
    trade = pl.col("kind") == 3
    frame = made.tapes[0].frame.with_columns(kind=trade.cast(pl.UInt8))
    frame.head(rows).write_parquet(path)
    return path


def heading(options: argparse.Namespace) -> list[str]:
    """What was measured, and where."""
    packages = ("mmrun", "numba", "llvmlite", "numexpr", "numpy", "polars")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return [
        "# Benchmark results",
        "",
        (
            f"Task T1, {int(options.rows):,} rows, seed {options.seed}, medians of "
            f"{options.rounds} alternating rounds."
        ),
        f"Python {platform.python_version()}, {versions}; {PEER_PACKAGE}.",
        f"{platform.machine()}, {os.cpu_count()} CPUs, {cpu_name()}.",
    ]


def cpu_name() -> str:
    """The processor's name where the system tells it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "processor not known"
    names = [
        line.split(":")[1].strip() for line in text.splitlines() if "model name" in line
    ]
    return names[0] if names else "processor not known"


class Peer:
    """hftbacktest in an environment and a process of its own."""

    def __init__(self, tape: Path) -> None:
        python = peer_python()
        command = [str(python), str(HERE / "hftbacktest_t1.py"), str(tape)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.ready_s = self.answer()["ready_s"]

    def run(self) -> dict[str, float]:
        """One run."""
        assert self.process.stdin is not None
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, float]:
        """The next line it prints."""
        assert self.process.stdout is not None
        line: dict[str, float] = json.loads(self.process.stdout.readline())
        return line

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


def peer_python() -> Path:
    """The interpreter of the peer's environment, made at the first call."""
    python = PEER / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", PEER_PACKAGE]
        subprocess.run(install, check=True)
    return python


class Ours:
    """mmrun on the same tape, in this process."""

    def __init__(self, tape: Path) -> None:
        from mmrun import api
        from mmrun.engine.assumptions import fill_model
        from mmrun.engine.jit import compiled
        from mmrun.engine.run import Conditions

        self.plan = api.load(HERE / "t1.yaml")
        self.conditions = Conditions(model=fill_model("hftbacktest"), mode=compiled)
        self.feed = tape_feed(tape)

    def run(self) -> dict[str, float]:
        """One run: columns and kernel, everything recorded."""
        from mmrun.engine.run import start

        bound = start(self.plan, self.feed, self.conditions)
        began, cpu_began = time.perf_counter(), time.process_time()
        totals = bound.over(self.feed)
        cpu_s = time.process_time() - cpu_began
        wall_s = time.perf_counter() - began
        done = totals.totals
        value = done.cash + done.final_inventory * done.final_mid
        return {
            "cpu_s": cpu_s,
            "wall_s": wall_s,
            "fills": len(totals.fills),
            "inventory": done.final_inventory,
            "pnl": value - done.fees + done.rebates,
        }


def tape_feed(tape: Path) -> Any:
    """The tape's rows in memory, in the engine's batches."""
    import polars as pl

    from mmrun.feeds.replay import TapeFeed
    from mmrun.feeds.tape_file import batch_of
    from mmrun.market.instrument import Instrument

    frame = pl.read_parquet(tape)
    kind = pl.when(pl.col("kind") == 1).then(3).otherwise(0).cast(pl.UInt8)
    batch = batch_of(frame.with_columns(kind=kind))
    instrument = Instrument(symbol="ACME", venue="NASDAQ", tick=0.01, lot=1.0)
    return TapeFeed(batch, (instrument,))


def beside_hftbacktest(tape: Path, rounds: int) -> list[str]:
    """Events a second of both, in alternating rounds."""
    ours, peer = Ours(tape), Peer(tape)
    rows = len(ours.feed.batch)
    ours.run()
    mine, theirs = [], []
    for _ in range(rounds):
        mine.append(ours.run())
        theirs.append(peer.run())
    peer.close()
    lines = [
        "| engine | ns/event | CPU ns/event | events/s | fills | inventory | P&L |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, runs in (("mmrun", mine), ("hftbacktest, ROIVector", theirs)):
        wall_s = statistics.median(run["wall_s"] for run in runs)
        cpu_s = statistics.median(run["cpu_s"] for run in runs)
        last = runs[-1]
        lines.append(
            f"| {name} | {wall_s / rows * 1e9:.1f} | {cpu_s / rows * 1e9:.1f} | "
            f"{rows / wall_s:,.0f} | {last['fills']:,} | {last['inventory']:g} | "
            f"{last['pnl']:,.4f} |"
        )
    same = all(
        m["fills"] == t["fills"]
        and m["inventory"] == t["inventory"]
        and abs(m["pnl"] - t["pnl"]) < 1e-6 * abs(t["pnl"])
        for m, t in zip(mine, theirs, strict=True)
    )
    verdict = "equal" if same else "DIFFER"
    return [*lines, "", f"{times_as_fast(mine, theirs)}; results {verdict}."]


def times_as_fast(mine: list[dict[str, float]], theirs: list[dict[str, float]]) -> str:
    """The ratios of the rounds: by the clock, and of processor time."""
    said = []
    for key in ("wall_s", "cpu_s"):
        ratios = [t[key] / m[key] for m, t in zip(mine, theirs, strict=True)]
        said.append(
            f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
        )
    return f"mmrun is {said[0]} times as fast by the clock, {said[1]} in CPU time"


def edit_to_event(tape: Path, rounds: int) -> list[str]:
    """From a formula edited in the file to the first event run, in a warm process."""
    from mmrun import api
    from mmrun.engine.run import start

    ours = Ours(tape)
    batch = ours.feed.batch.rows(0, 1)
    text = (HERE / "t1.yaml").read_text(encoding="utf-8")
    times = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "edited.yaml"
        for k in range(rounds + 1):
            path.write_text(text.replace("(1 + 10 * vol)", f"(1 + {11 + k} * vol)"))
            began = time.perf_counter()
            start(api.load(path), ours.feed, ours.conditions).feed(batch)
            times.append((time.perf_counter() - began) * 1e3)
    return [
        "",
        f"Formula edited to first event: {statistics.median(times[1:]):.1f} ms.",
    ]


def new_process(tape: Path, folder: Path, rounds: int) -> list[str]:
    """Wall time of new processes: the command with its files, and the peer's."""
    mmrun = [sys.executable, "-m", "mmrun"]
    data = folder / "dataset"
    table = [*mmrun, "import", "table", str(tape), "--map", str(HERE / "t1.map.yaml")]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*table, "-o", str(data)], check=True, **quiet)
    run = [*mmrun, "run", str(HERE / "t1.yaml"), "--data", str(data)]
    run += ["--fills", "hftbacktest", "-o", str(folder / "run")]
    mine, theirs = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(run, check=True, **quiet)
        mine.append(time.perf_counter() - began)
        peer = Peer(tape)
        theirs.append(peer.ready_s)
        peer.close()
    ratio = statistics.median(t / m for t, m in zip(theirs, mine, strict=True))
    return [
        "",
        (
            f"New process, Parquet to a run's files: {statistics.median(mine):.2f} s; "
            "hftbacktest, Parquet to P&L (imports aside): "
            f"{statistics.median(theirs):.2f} s; ratio {ratio:.1f}."
        ),
    ]


if __name__ == "__main__":
    main()
