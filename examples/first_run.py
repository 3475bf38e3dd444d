"""Check a strategy, replay the example market through it, print its report."""

from pathlib import Path

import mmrun


strategy = Path(__file__).parent.parent / "strategies" / "inventory_skew.yaml"
for problem in mmrun.check(strategy):
    print(problem.message)
run = mmrun.run(strategy)
print(run.report())
print(run.fills.tail())
