from __future__ import annotations

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from mmrun.documents import load_schema, read_text, validate
from mmrun.documents.keys import Keys
from mmrun.documents.schema import MAX_PROBLEMS, schema_names


NAMES = ["dataset", "strategy", "table_map", "test"]


def parts(schema, path=()):
    """Every subschema under a key of the format, with its dotted path."""
    for section in ("properties", "patternProperties", "$defs"):
        for name, inner in schema.get(section, {}).items():
            if section == "properties":
                yield ".".join((*path, name)), inner
            yield from parts(inner, (*path, name))
    if isinstance(schema.get("items"), dict):
        yield from parts(schema["items"], (*path, "[]"))


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_in_both_drafts(name):
    """Editors of either generation accept the schema itself."""
    Draft202012Validator.check_schema(load_schema(name))
    Draft7Validator.check_schema(load_schema(name))


def test_every_key_of_the_strategy_format_is_described():
    """Each key has a description and an example, or refers to one that does."""
    schema = load_schema("strategy")

    bare = [
        path
        for path, inner in parts(schema)
        if "$ref" not in inner and not ("description" in inner and "examples" in inner)
    ]

    assert bare == []


def test_every_example_of_the_strategy_format_passes():
    """An example in the schema is one the schema accepts."""
    schema = load_schema("strategy")
    wrong = [
        (path, example)
        for path, inner in parts(schema)
        for example in inner.get("examples", ())
        if not Draft202012Validator({**inner, "$defs": schema["$defs"]}).is_valid(
            example
        )
    ]

    assert wrong == []


def test_every_default_of_the_strategy_format_passes():
    """A default may be written out."""
    schema = load_schema("strategy")
    wrong = [
        path
        for path, inner in parts(schema)
        if "default" in inner
        and not Draft202012Validator({**inner, "$defs": schema["$defs"]}).is_valid(
            inner["default"]
        )
    ]

    assert wrong == []


def test_no_schema_uses_one_of():
    """OneOf hides which branch was meant, so messages could not say."""
    assert all("'oneOf'" not in str(load_schema(name)) for name in NAMES)


def test_the_schemas_are_found_by_name():
    """`schema_names` lists what `load_schema` takes."""
    assert set(NAMES) <= set(schema_names())


def test_other_kinds_of_file_are_validated_alike():
    """A table map's misspelt key gets its place and a suggestion."""
    text = (
        "mmrun: 1\ntable: {symbol: ACME, venu: NASDAQ, tick: 0.01}\n"
        "rows: {trade: {ts: ts, price: price, size: size}}\n"
    )
    document, _ = read_text(text, "map.yaml")

    problems = validate(document, "table_map")

    assert [(p.code, p.span.column, p.hints) for p in problems] == [
        ("MM110", 23, ("did you mean 'venue'?",))
    ]


def test_no_more_than_fifty_problems_are_given():
    """A file that is wrong all over is not a wall of text."""
    text = "mmrun: 1\nquote: {half_spread: 1tick, size: 1}\n" + "".join(
        f"unknown{i}: 1\n" for i in range(200)
    )
    document, _ = read_text(text, "a.yaml")

    assert len(validate(document, "strategy")) == MAX_PROBLEMS


def test_keys_are_known_through_references():
    """What a schema knows at a place is found through $ref and allOf."""
    keys = Keys.of(load_schema("strategy"))

    venue = keys.under("venues").under("NASDAQ")

    assert keys.known[:2] == ("mmrun", "name")
    assert keys.under("params").free
    assert not keys.under("quote").free
    assert "requote" in venue.under("quote").known
    assert keys.under("nothing").known == ()
