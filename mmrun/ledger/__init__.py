"""Fills to positions, cash, realised P&L and an attribution that must add up.

Takes a run's fills, marks and inventory P&L (`mmrun.engine.records`); gives `Entries`,
one row a fill, and a `Statement`, the account at the end. Net P&L is computed here from
the fills alone, so that the attribution is a check and not a definition.
"""
