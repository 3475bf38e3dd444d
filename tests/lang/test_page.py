"""The page of the language in the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmrun.lang.functions import FUNCTIONS
from mmrun.lang.names import NAMES
from mmrun.lang.page import page


PAGE = Path(__file__).parents[2] / "docs" / "language.md"


def test_the_page_is_what_the_tables_say(request: pytest.FixtureRequest) -> None:
    """`docs/language.md` is current; `make golden` writes it anew."""
    if request.config.getoption("--update-golden"):
        PAGE.write_text(page(), encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_name_and_function_is_on_the_page() -> None:
    """Functions with their examples."""
    text = page()

    for function in FUNCTIONS.values():
        assert f"`{function.example}`" in text
    for name in NAMES:
        assert f"`{name}`" in text
