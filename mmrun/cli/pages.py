"""A page for every code of a problem: what it says, what to do, right and wrong.

Titles are the codes' own, of the rooms that report them; a lint rule's page is its
manual. Examples are parts of a strategy file; a test runs each: the failing ones give
the code, the passing ones do not.
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
    """What `mmrun explain CODE` prints."""

    code: str
    title: str
    remedy: str
    failing: tuple[str, ...]
    passing: tuple[str, ...]


def titles() -> dict[str, str]:
    """Every code with its title."""
    from mmrun import lint, strategy
    from mmrun.importers import table_map
    from mmrun.lang import codes
    from mmrun.market import check_codes
    from mmrun.plan import graph, one_for_all
    from mmrun.testing import codes as test_codes

    of_names = codes.CODES | graph.CODES | one_for_all.CODES
    of_formulas = strategy.CODES | of_names | lint.CODES
    of_files = of_formulas | table_map.CODES | test_codes.CODES
    return of_files | check_codes.CODES


def page_of(code: str) -> Page:
    """The page of a code.

    Raises:
        UsageError: there is no such code.
    """
    from mmrun.lint import MANUALS

    known = titles()
    if code not in known:
        number = int(code[2:])
        closest = min(known, key=lambda each: abs(int(each[2:]) - number))
        message = f"there is no code '{code}'; did you mean {closest}?"
        raise UsageError(message)
    if code in MANUALS:
        manual = MANUALS[code]
        return Page(code, known[code], manual.text, manual.failing, manual.passing)
    failing, passing = (
        ((part,) for part in EXAMPLES[code]) if code in EXAMPLES else ((), ())
    )
    return Page(code, known[code], REMEDIES.get(code, _OF_DATA), failing, passing)


def page_text(page: Page) -> str:
    """A page as it is printed."""
    text = [textwrap.fill(each, 80) for each in page.remedy.split("\n\n")]
    parts = [f"{page.code}: {page.title}", *text]
    for verb, examples in (("Fails", page.failing), ("Passes", page.passing)):
        parts += [
            f"{verb}:\n\n{textwrap.indent(example, '    ').rstrip()}"
            for example in examples
        ]
    return "\n\n".join(parts)
