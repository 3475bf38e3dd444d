"""How much of a result is owed to the fill model: one strategy under four of them."""

from pathlib import Path

import polars as pl

import mmrun


strategy = Path(__file__).parent.parent / "strategies" / "inventory_skew.yaml"
models = ("through", "queue", "hftbacktest", "touch")  # touch believes every print
runs = [mmrun.run(strategy, fills=model).summary for model in models]
kept = ("fill_model", "net_pnl", "fills", "fill_volume", "spread_capture_bps")
print(pl.DataFrame({key: [run[key] for run in runs] for key in kept}))
