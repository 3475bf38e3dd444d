"""Checked formulas to a plan: what is a column, and what is left for the kernel.

Takes a `strategy.spec.Strategy`. `compile.check_formulas` gives its trees with their
`Problem`s, `compile.compile_plan` a frozen `Plan`: columns in order, run values, and the
residual as a primitive `Program`. `explain.explain` says all of it in words.
"""
