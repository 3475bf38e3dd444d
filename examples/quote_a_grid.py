"""What a strategy would quote at many positions and volatilities; no data needed."""

from dataclasses import asdict
from pathlib import Path

import polars as pl

import mmrun


strategy = Path(__file__).parent.parent / "strategies" / "inventory_skew.yaml"
rows = [
    {"inventory": held, "sigma": sigma, **asdict(quote)}
    for held in range(-1000, 1001, 500)
    for sigma in ("0.005", "0.03")  # price over the root of a second
    for quote in mmrun.quote(
        strategy, bid=149.99, ask=150.01, inventory=held, names={"sigma": sigma}
    )
]
print(pl.DataFrame(rows).select("inventory", "sigma", "bid", "ask", "bid_rule"))
