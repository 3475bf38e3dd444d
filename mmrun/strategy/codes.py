"""What each MM1xx code stands for; codes are stable and never used again."""

from __future__ import annotations


#: Code to a line for `mmrun explain CODE`.
CODES: dict[str, str] = {
    "MM100": "the file is not text: not UTF-8, or a control character in it",
    "MM101": "the file is not YAML",
    "MM102": "a key stands twice in one section",
    "MM103": "a file holds one YAML document, not none and not several",
    "MM104": "tags (!name, !!type) are not read",
    "MM105": "a word that readers of YAML 1.1 take for true or false",
    "MM106": "a number that is not finite",
    "MM107": "a scalar that readers of YAML 1.1 take for another number",
    "MM108": "merge keys (<<) are not read; use extends",
    "MM109": "the file is too long, too deep, or has too many values",
    "MM110": "a key the format does not know",
    "MM111": "a key that must be there is missing",
    "MM112": "a value of the wrong type",
    "MM113": "a word that is not one of those allowed here",
    "MM114": "a value of the wrong form or out of bounds",
    "MM115": "a key that is not a plain name",
    "MM120": "the format version is not 1",
    "MM121": "files extend each other in a circle",
    "MM122": "an extended file cannot be read",
    "MM123": "an override (-s) that cannot be applied",
    "MM124": "remove names a key that is not inherited",
    "MM130": "maker_fee and maker_rebate are both given",
    "MM131": "no inventory limit: max_inventory or `risk: none` must be said",
    "MM132": "quote needs half_spread, or both bid and ask",
    "MM133": "quote needs size, or both bid_size and ask_size",
    "MM134": "a param's unit is unknown or does not fit its numbers",
    "MM135": "a param's value is outside its range",
    "MM136": "a name is taken",
    "MM137": "a session needs open before close",
    "MM138": "a time zone nobody knows",
    "MM139": "decimals belong to rounding nearest_even",
    "MM140": "the heartbeat is too short",
    "MM141": "a limit without effect beside on_breach",
    "MM142": "a calendar nobody knows, or hours beside a calendar",
    "MM143": "reset_windows without sessions",
    "MM190": "part of the format the engine does not run yet",
}
