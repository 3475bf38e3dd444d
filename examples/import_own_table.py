"""From a table of one's own to a run: a map says what its columns mean."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

import mmrun
from mmrun.importers import table
from mmrun.importers.table_map import read_map
from mmrun.market.writer import write_dataset


MAP = """\
mmrun: 1
table: {symbol: OWN, venue: NASDAQ, tick: 0.01, lot: 1}
rows:
  quote: {ts: {column: ns, unit: ns}, bid: bid, bid_size: size, ask: ask, ask_size: size}
  trade: {where: print > 0, ts: {column: ns, unit: ns}, price: print, size: traded}
"""
rng, rows = np.random.default_rng(7), 20_000
steps = rng.choice([-1, 0, 1], rows, p=[0.02, 0.96, 0.02])
bid = (15_000 + steps.cumsum()) / 100  # a walk of whole cents
sold, bought = rng.random((2, rows)) < 0.1  # prints at the bid, and at the ask
own = {"ns": 10**18 + np.arange(rows) * 10**8, "bid": bid, "ask": bid + 0.01}
own |= {"print": np.select([sold, bought], [bid, bid + 0.01])}
own |= {name: rng.integers(1, 9, rows) * 100 for name in ("size", "traded")}

with TemporaryDirectory() as folder:
    file, table_map, data = (Path(folder) / name for name in ("own.csv", "map", "data"))
    pl.DataFrame(own).write_csv(file)
    table_map.write_text(MAP)
    found = table.read([file], read_map(table_map))
    write_dataset(data, found.tapes, found.provenance)
    strategy = Path(__file__).parent.parent / "strategies" / "inventory_skew.yaml"
    print(mmrun.run(strategy, data).report())
