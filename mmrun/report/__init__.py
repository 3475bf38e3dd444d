"""What a run tells: metrics, tables, files and a report for the terminal.

Takes a `Recording` and the `RunFacts` beside it; gives the summary (one key a row of
`metrics.METRICS`), polars frames, a run directory, and text. It computes nothing about
money: that is the ledger's.
"""
