"""Formulas: text to a checked tree, and what the tree means.

Takes `strategy.spec.Formula`s. `parse.parse` gives the tree as written, `check.check`
the tree as meant (names, units, stages resolved), both with the `Problem`s they found.
`functions` and `names` are the tables of everything a formula can say, `show` writes
trees as text, and `evaluate.Evaluator` is the slow, plain definition that the compiled
back ends are held to.
"""
