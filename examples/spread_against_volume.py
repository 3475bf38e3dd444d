"""How much a wider quote trades and captures: one strategy, several values of a param.

Run it from anywhere: `python examples/spread_against_volume.py`.
"""

from __future__ import annotations

from pathlib import Path

import mmrun


STRATEGY = Path(__file__).parent.parent / "strategies" / "basic.yaml"


def main() -> None:
    """Replay the example market at each half spread and print a line for each."""
    print(f"{'half spread':>12}{'fills':>8}{'volume':>10}{'captured':>12}{'net':>10}")
    for half in ("0.4bps", "0.7bps", "1bps", "1.3bps"):
        summary = mmrun.run(STRATEGY, set={"half": half}).summary
        captured = summary["spread_capture_bps"]
        shown = "-" if captured is None else f"{captured:.2f} bps"
        print(
            f"{half:>12}{summary['fills']:>8}{summary['fill_volume']:>10,.0f}"
            f"{shown:>12}{summary['net_pnl']:>+10.2f}"
        )


if __name__ == "__main__":
    main()
