"""Feeds: tape files or arrays in, batches of tape rows out (`market.tape.Feed`).

What was decoded once is kept (`cache`). A feed adds clock rows where the market is silent (`clock`). Whatever the batch size,
the rows are the same.
"""
