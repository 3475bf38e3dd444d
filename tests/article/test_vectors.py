"""The article's own results, exactly, through `mmrun quote --json`.

`article_vectors.json` holds what the article's code returned when it was run, and what
the corrected rules give. On a side whose size is 0 only the size is compared: a side
that is not quoted has no price.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmrun.cli import run as mmrun


ARTICLE = {
    "BasicMarketMaker": "basic",
    "InventorySkewingMM": "inventory_skew",
}
ROOT = Path(__file__).parent.parent.parent
VECTORS = ROOT.parent / "shared" / "reference" / "article_vectors.json"


def vectors() -> dict[str, Any]:
    """The file, or nothing where there is none."""
    if not VECTORS.exists():
        return {"as_article": [], "corrected": []}
    loaded: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return loaded


def article_calls() -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Every calculate_quote step: id, strategy, what was set before, what came out."""
    quoting = [v for v in vectors()["as_article"] if v["class"] in ARTICLE]
    for vector in quoting:
        state: dict[str, Any] = {"inventory": 0, "init": vector["init"]}
        for number, step in enumerate(vector["steps"]):
            if step["op"] == "set":
                state[step["attr"]] = step["value"]
            elif step.get("method") == "on_fill" and "raises" not in step:
                side, _, size = step["args"]
                sign = {"BID": 1, "ASK": -1}.get(side, 0)
                state["inventory"] += sign * size
            elif step.get("method") == "calculate_quote":
                call = dict(state) | {"args": step["args"]}
                name = f"{vector['id']}.{number}"
                yield name, ARTICLE[vector["class"]], call, step["returns"]


def quote(
    capsys: pytest.CaptureFixture[str], strategy: Path, *arguments: str
) -> dict[str, Any]:
    """The only quote of a strategy."""
    code = mmrun(["quote", str(strategy), *arguments, "--json"])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    (line,) = json.loads(captured.out)
    return {
        "bid_price": line["bid"],
        "ask_price": line["ask"],
        "bid_size": line["bid_size"],
        "ask_size": line["ask_size"],
    }


def without_unquoted(expected: dict[str, Any] | None) -> dict[str, Any]:
    """What is compared: no price on a side whose size is 0; None quotes neither."""
    if expected is None:
        return dict.fromkeys(("bid_size", "ask_size"), 0)
    sides = [side for side in ("bid", "ask") if expected[f"{side}_size"] > 0]
    prices = {f"{side}_price": expected[f"{side}_price"] for side in sides}
    return prices | {key: expected[key] for key in ("bid_size", "ask_size")}


@pytest.mark.usefixtures("shared_data")
def test_there_are_vectors() -> None:
    """The file is where it is looked for, and speaks of both classes."""
    names = {strategy for _, strategy, _, _ in article_calls()}

    assert names == set(ARTICLE.values())


@pytest.mark.parametrize(
    ("strategy", "call", "returns"),
    [pytest.param(*case[1:], id=case[0]) for case in article_calls()],
)
def test_as_the_article(
    capsys: pytest.CaptureFixture[str],
    strategy: str,
    call: dict[str, Any],
    returns: dict[str, Any] | None,
) -> None:
    """A calculate_quote step of the article comes out exactly."""
    mid, *volatility = call["args"]
    arguments = ["--mid", repr(mid), "--inventory", repr(call["inventory"])]
    settings = dict(call["init"]) | {
        key: call[key] for key in call if key in call["init"]
    }
    for name, value in settings.items():
        path = "risk.max_inventory" if name == "max_inventory" else name
        arguments += ["-s", f"{path}={value!r}"]
    if volatility:
        arguments += ["--set", f"volatility={volatility[0]!r}"]

    quoted = quote(capsys, ROOT / f"strategies/article/{strategy}.yaml", *arguments)

    expected = without_unquoted(returns)
    assert {key: quoted[key] for key in expected} == expected


CORRECTED = {
    "basic": """\
mmrun: 1
name: corrected_basic
params: {{half: {{value: {half_spread_bps}, unit: bps}}}}
quote: {{half_spread: half, size: {quote_size}}}
venues: {{X: {{tick: {tick}, lot: 1}}}}
risk: {{max_inventory: {max_inventory}}}
""",
    "skew": """\
mmrun: 1
name: corrected_skew
params:
  half: {{value: {half_spread_bps}, unit: bps}}
  lean: {{value: {skew_bps_at_limit}, unit: bps}}
  clip: {{value: {quote_size}, unit: size}}
let:
  vol: {volatility}
  load: inventory / max_inventory
quote:
  half_spread: mid * half * (1 + {vol_multiplier} * vol)
  reservation: mid - mid * (lean * load)
  bid_size: floor(clip * (1 - 0.5 * clip(load, -1, 1)))
  ask_size: floor(clip * (1 + 0.5 * clip(load, -1, 1)))
venues: {{X: {{tick: {tick}, lot: 1}}}}
risk: {{max_inventory: {max_inventory}}}
""",
}


@pytest.mark.parametrize(
    "vector",
    [
        pytest.param(vector, id=vector["id"])
        for vector in vectors()["corrected"]
        if vector["rule"] in CORRECTED
    ],
)
def test_corrected(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, vector: dict[str, Any]
) -> None:
    """A corrected vector comes out of a file with the corrected rule."""
    inputs = vector["inputs"]
    path = tmp_path / "corrected.yaml"
    path.write_text(CORRECTED[vector["rule"]].format(**inputs))
    market = ["--mid", repr(inputs["mid"])]
    if inputs.get("best_bid") is not None:
        market = ["--bid", repr(inputs["best_bid"]), "--ask", repr(inputs["best_ask"])]

    quoted = quote(capsys, path, *market, "--inventory", repr(inputs["inventory"]))

    expected = without_unquoted(vector["expected"])
    assert {key: quoted[key] for key in expected} == expected
