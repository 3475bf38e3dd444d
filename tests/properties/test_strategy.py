"""Laws of strategy files: whatever is written, there is a strategy or an error."""

from __future__ import annotations

from pathlib import Path

import yaml
from hypothesis import given, settings, strategies as st

from mmrun.problems import errors_in
from mmrun.strategy import read_strategy


BASE = {
    "mmrun": 1,
    "params": {
        "edge": {"value": 5, "unit": "bps", "range": [1, 10]},
        "clip": {"value": 100, "unit": "size"},
        "life": "250ms",
    },
    "let": {"load": "inventory / max_inventory"},
    "quote": {
        "half_spread": "edge",
        "size": "clip",
        "min_size": "1lot",
        "rounding": {"mode": "nearest_even", "decimals": 2},
        "requote": {"on": "quote", "tolerance": "1tick", "max_age": "off"},
    },
    "venues": {"X": {"maker_rebate": "0.002/share", "taker_fee": {"flat": 1.5}}},
    "risk": {"max_inventory": 1000, "stale_after": "10s", "price_collar": "5pct"},
    "session": {"timezone": "UTC", "open": "09:30", "close": "16:00"},
    "units": "on",
}
ODD = [
    None, True, 0, -1, 0.0, 1e-300, 1e300, 5e-324, 1e308, 10**400, "", " ", "off", "none",
    "5bps", "2tick", "3lot", "1e99bps", "1e999999999s", "0e999999999", "1_0", "0x10",
    "-5ms", "5 ms", "UTC\0", "../UTC", "24:00", "x" * 3000, "1" * 3000, "\N{MATHEMATICAL BOLD DIGIT FIVE}bps", "٣",
    [], [1], [1, 2], [2, 1], ["1bps", "2tick"], {}, {"flat": 0}, {"mode": "inward"},
    {"value": "5bps"}, {"value": 1, "unit": "1/0"}, {"value": 1, "unit": "ms**999999999"}, {"value": 1, "unit": "(" * 9999},
]  # fmt: skip


def paths(data, path=()):
    yield path
    if isinstance(data, dict):
        for key, value in data.items():
            yield from paths(value, (*path, key))


def replaced(data, path, value):
    if not path:
        return value
    return {**data, path[0]: replaced(data[path[0]], path[1:], value)}


@settings(max_examples=400)
@given(
    st.sampled_from(list(paths(BASE))),
    st.sampled_from(ODD) | st.text(max_size=5),
    st.booleans(),
)
def test_an_odd_value_anywhere_gives_a_strategy_or_an_error(
    tmp_path_factory, path, value, quoted
):
    """Nothing a file can hold makes reading it fail, and errors mean no strategy."""
    folder = tmp_path_factory.getbasetemp()
    file = Path(folder) / "odd.yaml"
    data = replaced(BASE, path, str(value) if quoted else value)
    file.write_text(yaml.dump(data), encoding="utf-8")

    strategy, problems = read_strategy(file)

    assert (strategy is None) == bool(errors_in(problems))


@given(
    st.text(max_size=30)
    | st.tuples(
        st.sampled_from(
            [
                "edge",
                "params.edge",
                "risk",
                "risk.max_inventory",
                "quote.x",
                "let.load",
                "venues.X.tick",
                ".",
            ]
        ),
        st.sampled_from([str(odd) for odd in ODD]),
    ).map("=".join)
)
def test_any_override_gives_a_strategy_or_an_error(tmp_path_factory, override):
    """Nothing on a command line makes reading a file fail."""
    file = Path(tmp_path_factory.getbasetemp()) / "base.yaml"
    file.write_text(yaml.dump(BASE), encoding="utf-8")

    strategy, problems = read_strategy(file, [override])

    assert (strategy is None) == bool(errors_in(problems))
