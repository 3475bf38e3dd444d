"""What formulas mean row by row: made-up tapes with the values worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest

from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.nodes import Expr, Ticks


Read = Callable[..., Expr]
MS = 1_000_000
SECOND = 1_000 * MS
NAN = math.nan


def quote(at_s: float, bid: float, ask: float, *sizes: float) -> Row:
    """A book row; sizes of bid and ask if they are known."""
    market = {"bid": bid, "ask": ask}
    market |= dict(zip(("bid_size", "ask_size"), sizes, strict=False))
    return Row(round(at_s * SECOND), Ticks.BOOK, market)


def trade(at_s: float, price: float, size: float = 100.0, side: float = 1.0) -> Row:
    """A trade row."""
    market = {"last_price": price, "last_size": size, "last_side": side}
    return Row(round(at_s * SECOND), Ticks.TRADE, market)


def clock(at_s: float) -> Row:
    """A row on which nothing but time is new."""
    return Row(round(at_s * SECOND), Ticks.OTHER)


def held(rows: Sequence[Row]) -> list[Row]:
    """Rows whose market values stay in force until they change."""
    market: dict[str, float] = {}
    result = []
    for row in rows:
        market = market | dict(row.market)
        result.append(Row(row.ts_ns, row.ticks, market, row.params, row.states))
    return result


def values(expr: Expr, rows: Sequence[Row]) -> list[float]:
    """The formula's value at each row."""
    evaluator = Evaluator({"x": expr})
    return [evaluator.step(row)["x"] for row in held(rows)]


def same(actual: Sequence[float], expected: Sequence[float]) -> bool:
    """Equal to the bit, any NaN equal to any."""
    return [repr(v) for v in actual] == [repr(v) for v in expected]


# ---- names


@pytest.mark.parametrize(
    ("sizes", "imbalance", "weighted_mid"),
    [
        ((100.0, 100.02, 300.0, 100.0), 0.5, 100.015),
        ((14.33, 14.34, 20.0, 471.0), 2 * 0.040733 - 1, 14.330407),
        ((14.33, 14.34, 25.0, 148.0), 2 * 0.144509 - 1, 14.331445),
    ],
)
def test_worked_imbalances(
    read: Read, sizes: tuple[float, ...], imbalance: float, weighted_mid: float
) -> None:
    """The published figures of the microprice notebook, to their digits."""
    rows = [quote(0, *sizes)]

    assert values(read("queue_imbalance"), rows)[0] == pytest.approx(
        imbalance, abs=2e-6
    )
    assert values(read("weighted_mid"), rows)[0] == pytest.approx(
        weighted_mid, abs=5e-7
    )


def test_mid_and_spread_are_computed_from_the_touch(read: Read) -> None:
    """A crossed book keeps its mid and has a negative spread; no book has neither."""
    rows = [clock(0), quote(1, 10.0, 11.0), quote(2, 11.0, 10.0)]

    assert same(values(read("mid"), rows), [NAN, 10.5, 10.5])
    assert same(values(read("spread"), rows), [NAN, 1.0, -1.0])


def test_ages_grow_until_the_next_row_of_the_kind(read: Read) -> None:
    """`age(quote)` is since the last book row, missing before the first."""
    rows = [trade(0, 9.0), quote(1, 10.0, 11.0), clock(3.5), quote(4, 10.0, 11.0)]

    assert same(values(read("age(quote)"), rows), [NAN, 0.0, 2.5, 0.0])
    assert same(values(read("age(trade)"), rows), [0.0, 1.0, 3.5, 4.0])


# ---- windows


def test_mean_over_a_time_window(read: Read) -> None:
    """What is as old as the window leaves at every row; empty is missing."""
    rows = [clock(0), trade(1, 2.0), trade(2, 4.0), clock(3), clock(3.5), clock(4)]

    found = values(read("mean(last_price, 2s)"), rows)

    assert same(found, [NAN, 2.0, 3.0, 4.0, 4.0, NAN])


def test_sums_and_counts_of_nothing_are_zero(read: Read) -> None:
    """From the first row on."""
    rows = [clock(0), trade(1, 2.0), clock(3)]

    assert same(values(read("sum(last_size, 2s)"), rows), [0.0, 100.0, 0.0])
    assert same(values(read("count(last_price, 2s)"), rows), [0.0, 1.0, 0.0])
    assert same(values(read("trades(2s)"), rows), [0.0, 1.0, 0.0])
    assert same(values(read("volume(2s)"), rows), [0.0, 100.0, 0.0])
    assert same(values(read("trade_imbalance(2s)"), rows), [0.0, 1.0, 0.0])


def test_a_window_of_ticks_is_missing_until_it_is_full(read: Read) -> None:
    """Three observations make a mean of three; book rows are no ticks of trades."""
    rows = [trade(0, 1.0), trade(1, 2.0), quote(1.5, 1, 2), trade(2, 6.0), trade(3, 7)]

    found = values(read("mean(last_price, 3)"), rows)

    assert same(found, [NAN, NAN, NAN, 3.0, 5.0])


def test_std_of_one_is_zero_and_of_none_missing(read: Read) -> None:
    """ddof is 0."""
    rows = [clock(0), trade(1, 3.0), trade(2, 5.0), clock(3.5), clock(9)]

    assert same(values(read("std(last_price, 2s)"), rows), [NAN, 0.0, 1.0, 0.0, NAN])


def test_trade_imbalance_leaves_trades_of_unknown_side_out(read: Read) -> None:
    """Signed size over size, of trades whose aggressor is known."""
    rows = [
        trade(0, 10.0, 60.0, 1.0),
        trade(1, 10.0, 20.0, -1.0),
        trade(2, 10.0, 999.0, 0.0),
        clock(5),
    ]

    found = values(read("trade_imbalance(5s)"), rows)

    assert same(found, [1.0, 0.5, 0.5, -1.0])


def test_the_window_is_open_on_the_left(read: Read) -> None:
    """A trade exactly as old as the window is out, one nanosecond younger is in."""
    before, at = clock(1), clock(1)
    before = Row(SECOND - 1, Ticks.OTHER)

    found = values(read("trades(1s)"), [trade(0, 1.0), before, at])

    assert same(found, [1.0, 1.0, 0.0])


# ---- lags


def test_lag_in_ticks_and_in_time(read: Read) -> None:
    """Ticks count observations; time looks at the clock, also between ticks."""
    rows = [trade(0, 1.0), quote(0.5, 1, 2), trade(1, 2.0), clock(2), trade(2.5, 3.0)]

    ticks = values(read("lag(last_price, 1)"), rows)
    time = values(read("lag(last_price, 1s)"), rows)

    assert same(ticks, [NAN, NAN, 1.0, 1.0, 2.0])
    assert same(time, [NAN, NAN, 1.0, 2.0, 2.0])


def test_delta_and_ret(read: Read) -> None:
    """Against the observation before, held between ticks; over zero is infinite."""
    rows = [trade(0, 0.0), trade(1, 2.0), quote(1.5, 1, 2), trade(2, 3.0)]

    assert same(values(read("delta(last_price)"), rows), [NAN, 2.0, 2.0, 1.0])
    assert same(values(read("ret(last_price)"), rows), [NAN, math.inf, math.inf, 0.5])
    timed = values(read("delta(last_price, 1s)"), rows)
    assert same(timed, [NAN, 2.0, 2.0, 1.0])


def test_a_missing_value_is_no_observation(read: Read) -> None:
    """A tick without a value changes nothing."""
    rows = [trade(0, 1.0), trade(1, NAN), trade(2, 5.0)]

    assert same(values(read("lag(last_price, 1)"), rows), [NAN, NAN, 1.0])
    assert same(values(read("count(last_price, 9s)"), rows), [1.0, 1.0, 2.0])


def test_prev_of_market_data_is_one_tick_back(read: Read) -> None:
    """`prev(x)` is `lag(x, 1)`."""
    rows = [quote(0, 1, 3), trade(1, 9.0), quote(2, 2, 4), quote(3, 3, 5)]

    assert same(values(read("prev(mid)"), rows), [NAN, NAN, 2.0, 3.0])


# ---- averages and volatility


def test_ewma_by_half_life(read: Read) -> None:
    """After one half-life half of the way is gone; it starts at the first value."""
    rows = [clock(0), trade(1, 10.0), clock(2), trade(6, 20.0)]

    found = values(read("ewma(last_price, 5s)"), rows)

    assert same(found[:3], [NAN, 10.0, 10.0])
    assert found[3] == pytest.approx(15.0, rel=1e-15)


def test_ewma_by_decay_gives_the_published_variance(read: Read) -> None:
    """RiskMetrics with 0.94 over squared log returns of the worked example."""
    moves = "log(last_price / lag(last_price, 1)) ** 2"
    rows = [trade(t, p) for t, p in enumerate(WORKED)]

    found = values(read(f"ewma({moves}, decay=0.94)"), rows)

    assert found[-1] == pytest.approx(9.26345e-7, rel=1e-5)
    assert math.sqrt(found[-1]) == pytest.approx(0.00096247, rel=1e-5)


WORKED = (100.0, 100.1, 100.05, 100.2, 100.2, 100.15)


def test_realized_vol_of_the_worked_example(read: Read) -> None:
    """sqrt of the sum of squared log returns, once the window has passed."""
    rows = [trade(t, p) for t, p in enumerate(WORKED)]

    found = values(read("realized_vol(last_price, 5s)"), rows)

    assert same(found[:5], [NAN] * 5)
    assert found[5] == pytest.approx(0.00193446, abs=5e-9)


def test_std_of_the_worked_example(read: Read) -> None:
    """ddof 0 of the log returns."""
    moves = "log(last_price / lag(last_price, 1))"
    rows = [trade(t, p) for t, p in enumerate(WORKED)]

    found = values(read(f"std({moves}, 10s)"), rows)

    assert found[-1] == pytest.approx(0.00081152, abs=5e-9)


def test_volatility_is_per_root_second(read: Read) -> None:
    """A change of 3 and one of 4 within 25 s: sqrt(25 / 25 s)."""
    rows = [quote(0, 0, 0), quote(10, 3, 3), quote(20, 7, 7), clock(24), clock(25)]

    found = values(read("volatility(mid, 25s)"), rows)

    assert same(found, [NAN, NAN, NAN, NAN, 1.0])


def test_a_difference_belongs_to_the_tick_it_ends_at(read: Read) -> None:
    """Its predecessor may lie outside the window."""
    rows = [quote(0, 0, 0), quote(9, 4, 4), clock(10), clock(19)]

    found = values(read("volatility(mid, 4s) * sqrt(1s)"), rows)

    assert same(found, [NAN, 2.0, 2.0, 0.0])


# ---- sampling


def test_sample_holds_the_value_of_the_last_such_row(read: Read) -> None:
    """Between trades nothing moves, whatever the book does."""
    rows = [quote(0, 1, 3), trade(1, 9.0), quote(2, 3, 5), trade(3, 9.0), clock(4)]

    assert same(values(read("sample(mid, trade)"), rows), [NAN, 2.0, 2.0, 4.0, 4.0])
    assert same(values(read("sample(mid, quote)"), rows), [2.0, 2.0, 4.0, 4.0, 4.0])


def test_a_sampled_missing_value_is_missing(read: Read) -> None:
    """`sample` does not skip."""
    rows = [trade(0, 1.0), trade(1, NAN), quote(2, 1, 3)]

    assert same(values(read("sample(last_price, trade)"), rows), [1.0, NAN, NAN])


def test_an_evicted_deviation_is_held_by_sample(read: Read) -> None:
    """The yardstick's volatility: std over 5 s as of the last trade."""
    rows = [trade(0, 1.0), trade(1, 2.0), trade(2, 2.0), clock(9), trade(10, 2.0)]

    direct = values(read("std(ret(last_price), 5s)"), rows)
    sampled = values(read("sample(std(ret(last_price), 5s), trade)"), rows)

    assert same(direct, [NAN, 0.0, 0.5, NAN, 0.0])
    assert same(sampled, [NAN, 0.0, 0.5, 0.5, 0.0])


# ---- running sums


def test_running_sums_are_made_anew_after_enough_evictions(read: Read) -> None:
    """A lost digit comes back once 1,024 have left the window."""
    rows = [trade(0, 1e17), *(trade(1 + t, 1.0) for t in range(1_030))]

    found = values(read("sum(last_price, 2s)"), rows)

    # 1e17 + 1 rounds to 1e17, so the 1 is lost when 1e17 leaves, until the fresh sum.
    assert found[2] != 2.0
    assert found[-1] == 2.0
    assert found.index(2.0, 3) == 1_025


def test_deviations_are_taken_from_a_value_of_the_window(read: Read) -> None:
    """Large prices keep the digits of a small spread."""
    rows = [trade(0, 1e9), trade(1, 1e9 + 1), trade(2, 1e9 + 2)]

    found = values(read("std(last_price, 9s)"), rows)

    assert found[2] == math.sqrt(2 / 3)


# ---- own state, overrides


def test_prev_of_own_state_is_as_of_the_last_quote_evaluation(read: Read) -> None:
    """Rows at which quotes are not evaluated do not move it."""
    evaluator = Evaluator({"x": read("prev(inventory)")})

    def step(inventory: float, *, evaluates: bool) -> float:
        states = {"inventory": inventory}
        row = Row(0, Ticks.BOOK, states=states, evaluates_quotes=evaluates)
        return evaluator.step(row)["x"]

    found = [
        step(1.0, evaluates=True),
        step(2.0, evaluates=False),
        step(3.0, evaluates=True),
        step(4.0, evaluates=True),
    ]

    assert same(found, [NAN, 1.0, 1.0, 3.0])


def test_prev_of_a_quote_field_is_the_last_evaluated_quote(read: Read) -> None:
    """Half spreads can decay by themselves."""
    field = read("coalesce(0.5 * prev(half_spread), 8tick)", "half_spread")
    evaluator = Evaluator({"half_spread": field})
    row = Row(0, Ticks.BOOK, params={"tick": 1.0})

    found = [evaluator.step(row)["half_spread"] for _ in range(3)]

    assert same(found, [8.0, 4.0, 2.0])


def test_values_can_be_given_by_name_and_by_text(read: Read, scope: object) -> None:
    """A test gives a let by its name and a windowed name by its text."""
    formula = read("flow * trades(1000ms)")
    flow = formula.args[0]
    evaluator = Evaluator({"x": formula, "flow": flow})

    found = evaluator.step(
        Row(0, Ticks.OTHER, overrides={"flow": 0.5, "trades(1s)": 6.0})
    )

    assert found == {"x": 3.0, "flow": 0.5}


def test_what_is_not_given_is_missing(read: Read) -> None:
    """Params, state and market data without a value are missing, not zero."""
    found = values(read("edge + inventory / 1lot + mid / 1tick"), [clock(0)])

    assert same(found, [NAN])


def test_avellaneda_stoikov_half_spread(read: Read) -> None:
    """The grid average of the journal's spread for gamma 0.1: 0.745885."""
    text = (
        "gamma * one * sigma ** 2 * time_left / 2"
        " + log(1 + gamma * one / kappa) / (gamma * one)"
    )
    evaluator = Evaluator({"half_spread": read(text, "half_spread")})
    params = {"gamma": 0.1, "sigma": 2.0, "kappa": 1.5, "one": 1.0, "lot": 1.0}

    found = [
        evaluator.step(
            Row(n, Ticks.BOOK, {"time_left": 1.0 - n * 0.005}, params=params)
        )["half_spread"]
        for n in range(200)
    ]

    assert sum(found) / 200 == pytest.approx(0.745885, abs=5e-7)


def test_the_yardsticks_half_spread(read: Read) -> None:
    """mid * base * (1 + 10 * vol), vol 100 standard deviations of returns."""
    expr = read("mid * base * (1 + 10 * vol)", "half_spread")
    evaluator = Evaluator({"x": expr})
    prices = [100.0, 100.0, 101.0]
    rows = held([quote(0, 99, 101), *(trade(1 + t, p) for t, p in enumerate(prices))])

    found = [
        evaluator.step(Row(row.ts_ns, row.ticks, row.market, {"base": 0.4e-4}))["x"]
        for row in rows
    ]

    deviation = 0.01 / 2  # of the returns 0 and 0.01
    assert found[0] == pytest.approx(0.004)
    assert found[3] == pytest.approx(0.004 * (1 + 10 * 100 * deviation))
