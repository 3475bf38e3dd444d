"""Formulas to something that runs: order, passes, columns and residual, printable."""
