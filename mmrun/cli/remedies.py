"""What to do about each code, in a sentence or two."""

from __future__ import annotations


#: Code to remedy.
REMEDIES: dict[str, str] = {
    "MM100": "Save the file as UTF-8 text and take the control character out.",
    "MM101": "Put what contains ': ', '#' or a quote into quotes, close what was opened, "
    "and indent with spaces. The caret is where reading stopped; the cause may be on "
    "the line before.",
    "MM102": "Keep one of the two. YAML readers disagree on which one counts, so that "
    "a limit written twice could be either.",
    "MM103": "Keep one document a file: take the second `---` out, or write the "
    "sections of a strategy.",
    "MM104": "Leave the tag out. Types follow from the format's schema.",
    "MM105": "Write true or false for a switch, and quotes around the word where text "
    "is meant. Other tools read yes, no, on and off as true and false.",
    "MM106": "Write a finite number; leave a limit out where there is none.",
    "MM107": "Put quotes around it, or write the number another way: other tools read "
    "1:30 as 90 and 010 as 8.",
    "MM108": "Put what is shared into a file of its own and name it under `extends`.",
    "MM109": "Split the file with `extends`, and write formulas once under `let`.",
    "MM110": "Correct the key's spelling or take it out. A key nobody reads would be a "
    "limit that does not limit.",
    "MM111": "Add the key.",
    "MM112": "Write a value of the type that the message names. Formulas are text; "
    "switches are true and false without quotes.",
    "MM113": "Choose one of the words of the message.",
    "MM114": "Write the value in the form that the message shows; times and amounts "
    "need their unit, as in 250ms and 2tick.",
    "MM115": "Use lower-case letters, digits and _ in names, beginning with a letter.",
    "MM120": "Write `mmrun: 1`. It says which format the file is in.",
    "MM121": "Take one of the files out of the circle, or move what both need into a "
    "third that both extend.",
    "MM122": "Correct the path; it is relative to the file that says `extends`.",
    "MM123": "A name before = is a param; any other value takes its dotted path, as in "
    "-s risk.max_inventory=500.",
    "MM124": "Name a key that an extended file has, with its dotted path.",
    "MM130": "Keep maker_rebate where the venue pays, maker_fee where it charges.",
    "MM131": "Say `max_inventory` under `risk`, or `risk: none` to run without limits.",
    "MM132": "Give half_spread, which is put around the reservation price, or both bid "
    "and ask as prices.",
    "MM133": "Give size for both sides, or bid_size and ask_size.",
    "MM134": "Units are bps, pct, tick, lot, a time, price, size, or a product of their "
    "powers. Write the numbers in its unit or without one.",
    "MM135": "Change the value, or the range that the file declares for it.",
    "MM136": "Rename it. Market data, own state, quote fields, params and lets share "
    "one set of names, so that a formula can be read in one way only.",
    "MM137": "Give both open and close, the open first, in the session's time zone.",
    "MM138": "Write an IANA name, such as America/New_York.",
    "MM139": "Give decimals with nearest_even alone; the other modes round to ticks.",
    "MM141": "on_breach none and stop_all clip no sizes: leave the limit out, or on_breach.",
    "MM140": "Make the heartbeat longer: it adds a row for every silence of its length.",
    "MM142": "Name a calendar by its ISO 10383 code, and leave timezone, open and close "
    "to it; or give hours and no calendar.",
    "MM143": "Give the session a calendar or hours: an endless session opens once.",
    "MM144": "Give venues a weight each (weight: 0.6), or write a formula of venue names as "
    "allocate.by.",
    "MM146": "Rename it: reports and tests call a rule by its name alone.",
    "MM149": "Write a time above 0, or leave stale_after out.",
    "MM190": "Leave the key out for now. It is refused rather than ignored.",
    "MM201": "Take the character out or write what the help says. Formulas have "
    "numbers, names, operators and calls, and no strings, lists or attributes.",
    "MM202": "Look left of the caret: an operator, a comma or a parenthesis is missing, "
    "or one is too many.",
    "MM203": "Name parts of the formula under `let`.",
    "MM204": "Join two comparisons with `and`.",
    "MM205": "Units are glued to their number: 5bps, 250ms, 2tick. To multiply, write *.",
    "MM206": "Write a number between 1e-300 and 1e300.",
    "MM301": "Correct the spelling, or define the name under `params` or `let`.",
    "MM302": "Functions are called with parentheses; names of values are not.",
    "MM303": "Compare the call with the signature in the help.",
    "MM304": "Functions over time look back over market data. The last value of own "
    "state or of a quote field is prev(x).",
    "MM305": "Write the window as a literal (5s, or 20 for ticks) or as a param, so that "
    "it is the same for a whole run.",
    "MM306": "A venue has market data, and where it is quoted own state: inventory, its "
    "fees as prices, working orders, own fills. A reference has market data alone. What "
    "is of the whole strategy is written without a dot.",
    "MM307": "There is one inventory over all venues, and one target for it. Read what is "
    "of all venues (mid), or of a venue by its name (NASDAQ.mid).",
    "MM310": "Break the circle. The value of a quote field at the last quote evaluation "
    "is prev(half_spread); a let has no such value.",
    "MM320": "What is added, compared or put into a field must be of one unit. Multiply "
    "or divide by what brings the one to the other; the help names it.",
    "MM321": "Say what the number is: 5bps, 2tick, or a param with a `unit:`. A bare 5 "
    "beside bps could mean 5bps or 50,000bps.",
    "MM322": "Divide by something of the same unit first: exp, log and tanh are of "
    "ratios only.",
    "MM323": "Compare a number to make a condition (x > 0); choose by a condition to "
    "make a number (1 if x > 0 else 0).",
    "MM324": "Exponents are constants, or of ratios made of `level`. What has a unit takes whole and half ones.",
    "MM390": "The name is in the language's design and does not run yet. It is refused "
    "rather than read as missing.",
    "MM401": "Write `# mmrun: ignore MM432` on the line of the warning or above it, or "
    "`# mmrun: ignore-file MM432` for all of the file. Errors cannot be suppressed.",
    "MM402": "Take the comment out: what it took back is not found any more.",
    "MM403": "What the linter looks at is bounded, so that any file is checked in seconds. "
    "Quotes and conditions that nest many conditions on the same names are the largest.",
    "MM501": "Correct the column's name in the map; the help lists the file's columns.",
    "MM502": "`where` is an SQL condition over the file's columns, such as kind = 'T'.",
    "MM503": "Write an IANA name, such as America/New_York.",
    "MM504": "Correct the pattern after `file:`, or take the entry out.",
    "MM601": "Correct `strategy:`; the path is relative to the test file.",
    "MM602": "Write TIME KIND VENUE and the kind's values, such as `10ms trade NASDAQ "
    "buy 150.05x100   every 10ms x5`; `mmrun schema test` lists the kinds.",
    "MM603": "A test has a state (`given`) with one `expect`, or a `tape` with a list of "
    "expectations that each have their `at`; `problems` needs neither.",
    "MM604": "Correct the name. A test can name the strategy's lets, quote fields and "
    "rules, and the market and own-state names and windowed names that it reads.",
    "MM605": "Write a number in base units (price, size, seconds, fraction), or a "
    "literal in a unit the name can have.",
    "MM606": "Name each test by what it alone says: -k and reports go by names.",
    "MM607": "Write a venue of the strategy's `venues` in tape and expectation.",
}
