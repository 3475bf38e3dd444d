"""Laws of the YAML reader: places, and writing read back."""

from __future__ import annotations

import yaml
from hypothesis import given, strategies as st

from mmrun.documents import canonical, read_text
from mmrun.documents.source import Source


BLANK = " \t\n"
texts = st.text(st.sampled_from("abé中 +*'\"\\\n\t:#-,[]{}|>%&!?@`~0.\x07\x85\u2028😀"))
styles = st.sampled_from([None, "'", '"', "|", ">"])


def index_of(source: Source, line: int, column: int) -> int:
    return source._starts[line - 1] + column - 1


def written(text: str, style: str) -> str:
    """What a piece of a file stands for, by an independent reader."""
    if style == '"' and text.startswith("\\"):
        return yaml.safe_load(f'"{text}"')
    return "'" if style == "'" and text == "''" else text


@given(texts, styles, st.integers(5, 40), st.booleans())
def test_every_visible_character_is_found_where_it_was_written(
    text, style, width, wide
):
    """Each visible character maps to its own, in order, with only blanks between."""
    file = yaml.dump(
        {"key": text}, default_style=style, width=width, allow_unicode=wide
    )
    document, _ = read_text(file, "a.yaml")
    scalar = document.at("key")
    place, source = scalar.place, document.source
    before = None

    for offset, char in enumerate(scalar.text):
        if char in BLANK or char in "\x85\u2028":
            continue
        span = place.span(offset, offset + 1)
        start = index_of(source, span.line, span.column)
        end = index_of(source, span.end_line, span.end_column)
        assert written(source.text[start:end], place.style) == char
        between = source.text[before:start] if before is not None else ""
        if place.style == '"':
            between = yaml.safe_load(f'"{between}"')
        assert between.strip(" \t\n\x85\u2028") == ""
        before = end


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.sampled_from(
        ["no", "on", "1e-3", "017", "0x1f", "null", "~", ".nan", "1_000"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(texts | st.sampled_from(["a", "b"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def as_floats(data: object) -> object:
    """Numbers as floats: 3.6e16 may be written as a whole number."""
    if isinstance(data, dict):
        return {name: as_floats(value) for name, value in data.items()}
    if isinstance(data, list):
        return [as_floats(value) for value in data]
    return float(data) if type(data) is int else data


@given(st.dictionaries(texts, values, max_size=4))
def test_canonical_text_reads_back_as_the_same_data(data):
    """Writing canonical YAML and reading it changes nothing."""
    document, _ = read_text(yaml.dump(data, allow_unicode=True), "a.yaml")
    if document is None:
        return

    again, problems = read_text(canonical(document.root), "b.yaml")

    assert [p for p in problems if p.severity == "error"] == []
    assert as_floats(again.data) == as_floats(document.data)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    """The reader never raises, and either gives a document or an error."""
    document, problems = read_text(text, "a.yaml")

    assert (document is None) <= any(p.severity == "error" for p in problems)


@given(st.dictionaries(st.sampled_from("abcdef"), values, min_size=2), st.randoms())
def test_the_order_of_keys_does_not_change_canonical_text(data, random):
    """Permuting keys changes nothing."""
    names = list(data)
    random.shuffle(names)
    one, _ = read_text(yaml.dump(data, sort_keys=False), "a.yaml")
    two, _ = read_text(
        yaml.dump({name: data[name] for name in names}, sort_keys=False), "a.yaml"
    )
    if one is None or two is None:
        return

    assert canonical(one.root) == canonical(two.root)
