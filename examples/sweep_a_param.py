"""How much a wider quote trades and captures: one strategy, several half spreads."""

from pathlib import Path

import polars as pl

import mmrun


strategy = Path(__file__).parent.parent / "strategies" / "basic.yaml"
halves = ("0.4bps", "0.7bps", "1bps", "1.3bps")
runs = [mmrun.run(strategy, set={"half": half}).summary for half in halves]
kept = ("fills", "fill_volume", "spread_capture_bps", "net_pnl", "max_drawdown")
table = pl.DataFrame({key: [run[key] for run in runs] for key in kept})
print(table.insert_column(0, pl.Series("half", halves)))
