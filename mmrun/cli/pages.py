"""A page for every code of a problem: what it says, what to do, right and wrong.

Titles are the codes' own, of the rooms that report them. Examples are parts of a
strategy file; a test runs each: the first gives the code, the second does not.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from mmrun.cli.examples import EXAMPLES
from mmrun.cli.remedies import REMEDIES
from mmrun.problems import UsageError


#: What a tape may have depends on the market: the finding itself says what follows.
_OF_DATA = (
    "Found in a dataset. `mmrun data check DIR` says where it is first and worst, how "
    "often it occurs, and what to do about it."
)


@dataclass(frozen=True, slots=True)
class Page:
    """What `mmrun explain CODE` prints; examples are "" where there are none."""

    code: str
    title: str
    remedy: str
    failing: str
    passing: str


def titles() -> dict[str, str]:
    """Every code with its title."""
    from mmrun import strategy
    from mmrun.importers import table_map
    from mmrun.lang import codes
    from mmrun.market import check_codes
    from mmrun.plan import graph

    of_files = strategy.CODES | codes.CODES | graph.CODES | table_map.CODES
    return of_files | check_codes.CODES


def page_of(code: str) -> Page:
    """The page of a code.

    Raises:
        UsageError: there is no such code.
    """
    known = titles()
    if code not in known:
        number = int(code[2:])
        closest = min(known, key=lambda each: abs(int(each[2:]) - number))
        message = f"there is no code '{code}'; did you mean {closest}?"
        raise UsageError(message)
    failing, passing = EXAMPLES.get(code, ("", ""))
    return Page(code, known[code], REMEDIES.get(code, _OF_DATA), failing, passing)


def page_text(page: Page) -> str:
    """A page as it is printed."""
    parts = [f"{page.code}: {page.title}", textwrap.fill(page.remedy, 80)]
    if page.failing:
        parts.append("Fails:\n\n" + textwrap.indent(page.failing, "    ").rstrip())
        parts.append("Passes:\n\n" + textwrap.indent(page.passing, "    ").rstrip())
    return "\n\n".join(parts)
