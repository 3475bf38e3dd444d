"""What is traded and what happened: instruments, the tape's schema, datasets on disk.

Takes a directory of Parquet files with a `dataset.yaml` beside them; gives a `Dataset`
to read it by, and the schema (`tape`) that importers write and feeds read. A tape is one
row an event, in time order, of one symbol at one venue. `check` says what is wrong with
a dataset, `facts` and `facts_day` what is in it.
"""
