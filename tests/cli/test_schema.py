from __future__ import annotations

import json

from mmrun.cli import run
from mmrun.documents import load_schema


def test_the_strategy_schema_is_printed_by_default(capsys):
    """Editors get the schema of strategies."""
    assert run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == load_schema("strategy")


def test_another_schema_is_printed_by_name(capsys):
    """Each kind of file has its schema."""
    assert run(["schema", "dataset"]) == 0
    assert json.loads(capsys.readouterr().out) == load_schema("dataset")


def test_a_misspelt_name_is_a_usage_error(capsys):
    """An unknown schema gets a suggestion and exit code 2."""
    assert run(["schema", "stratgy"]) == 2
    assert "did you mean 'strategy'?" in capsys.readouterr().err
