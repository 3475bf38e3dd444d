"""Draw net P&L and inventory of a run from its frames; needs matplotlib."""

from pathlib import Path

import matplotlib.pyplot as plt

import mmrun


run = mmrun.run(Path(__file__).parent.parent / "strategies" / "inventory_skew.yaml")
equity, parts = run.equity, ("net_pnl", "spread_pnl", "inventory_pnl")
figure, (above, below) = plt.subplots(2, sharex=True, figsize=(9, 6))
for part in parts:
    above.plot(equity["ts"], equity[part], label=part)
below.step(equity["ts"], equity["inventory"], where="post")
above.legend()
figure.savefig("equity.png")
print(equity.select("ts", *parts, "inventory").tail(3))
print("drawn to equity.png")
