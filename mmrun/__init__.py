"""mmrun runs market-making strategies that are written as YAML.

`mmrun.api` holds the whole flow on one screen; docs/ and `mmrun --help` the rest.
"""
