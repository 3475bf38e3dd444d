"""A finished run: its figures, its events as frames, its page, its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from mmrun.engine.records import Recording
from mmrun.report.files import RunResult, write_run
from mmrun.report.html import fragment
from mmrun.report.tables import frame, frames
from mmrun.report.terminal import render


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """What `mmrun.run` gives; a notebook shows it as a page."""

    summary: dict[str, Any]  #: what `summary.json` holds
    timing: dict[str, float]  #: what `run --json` adds; not part of the result
    manifest: dict[str, Any]
    strategy_yaml: str  #: the resolved strategy
    recording: Recording

    @property
    def name(self) -> str:
        """The strategy's name and the run's id, as the default directory has them."""
        return f"{self.summary['strategy']}/{self.manifest['id']}"

    @property
    def fills(self) -> pl.DataFrame:
        """Own fills, in time order."""
        return frame("fills", self.recording)

    @property
    def orders(self) -> pl.DataFrame:
        """What happened to every order."""
        return frame("orders", self.recording)

    @property
    def decisions(self) -> pl.DataFrame:
        """The rule in force on each side, at every change."""
        return frame("decisions", self.recording)

    @property
    def equity(self) -> pl.DataFrame:
        """P&L and position on a time grid."""
        return frame("equity", self.recording)

    def report(self, *, width: int = 88, color: bool = False) -> str:
        """The terminal report."""
        return render(self.summary, self.equity, width, color=color)

    def save(self, directory: Path | str) -> Path:
        """Write the run's files; gives the directory, links resolved.

        Raises:
            UsageError: something that is not a run is in the way.
        """
        manifest = self.manifest | {"timing": self.timing}
        tables = frames(self.recording)
        result = RunResult(self.summary, tables, manifest, self.strategy_yaml)
        return write_run(Path(directory), result)

    def __repr__(self) -> str:
        values = self.summary
        net = f"{values['net_pnl']} {values['currency']}"
        return f"<Run {self.name}: net {net}, {values['fills']} fills>"

    def _repr_html_(self) -> str:
        return fragment(self.summary, self.equity)
