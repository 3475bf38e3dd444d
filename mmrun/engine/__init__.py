"""A plan meets a feed: columns, the row-by-row kernel, and what they record.

Takes a `plan.Plan` and a `market.tape.Feed`, gives a `records.Recording` for the ledger.
`run` tells the algorithm step by step; `state` is all that is known between rows;
`columns` is the only import of numexpr, `jit` the only one of numba. Kernel functions
are plain Python that runs compiled or as it is, with the same bytes as results.
"""
