"""Importers: a vendor's files in, tapes out; one format a module, all alike.

Each has `read(sources, ...) -> Imported`: the tapes with their provenance, ready for
`market.writer.write_dataset`. What cannot be right in a file (letters in a number, times
that run backwards, half a pair) is a `DataError` that names file and line.
"""
