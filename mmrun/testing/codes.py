"""What each MM6xx code stands for; codes are stable and never used again."""

from __future__ import annotations


#: Code to a line for `mmrun explain CODE`.
CODES: dict[str, str] = {
    "MM601": "the strategy that a test file names cannot be read",
    "MM602": "a line of a tape that is no row",
    "MM603": "keys of a test that do not go together",
    "MM604": "a name that the strategy under test does not have",
    "MM605": "a value that its name cannot have",
    "MM606": "two tests of a file with one name",
    "MM607": "a venue that the strategy under test does not quote",
}
