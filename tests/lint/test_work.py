"""What the linter looks at is bounded, and what it leaves out it says nothing of."""

from __future__ import annotations

import pytest

from mmrun import api
from mmrun.documents import read_text
from mmrun.lint import MANUALS, ranges
from mmrun.lint.ranges import Structure, TooMuchWorkError, Work
from mmrun.lint.subject import subject_of
from mmrun.strategy import formulas_in


HEAD = "mmrun: 1\nname: plain\nrisk: {max_inventory: 1000}\n"
MANY = 700


def chain(first, step, count=MANY):
    """Lets of which each reads the one before it, and a quote that reads the last."""
    lets = "".join(f"  x{k}: '{step(f'x{k - 1}', k)}'\n" for k in range(1, count))
    last = f"x{count - 1}"
    return (
        f"{HEAD}let:\n  x0: {first}\n{lets}quote:\n"
        f"  half_spread: 1bps + 1bps * abs({last})\n"
        f"  reservation: fair - 1bps * {last}\n  size: 100\n"
    )


PARAMS = "params:\n" + "".join(
    f"  p{k}: {{value: 1, range: [0.5, 2]}}\n" for k in range(200)
)
SUM = " + ".join(f"p{k}" for k in range(20))
SHAPES = {
    "conditions on each other": (
        "mid / max(spread, 1tick)", lambda x, k: f"{x} + 1 if {x} > {k} else {x}",
    ),
    "conditions on the inventory": (
        "inventory / max_inventory", lambda x, k: f"{x} + 1 if {x} > {k} else {x}",
    ),
    "conditions on one name, in and out of each other": (
        "last_side", lambda x, k: f"{x} * 2 if spread * {x} > mid * {k} else {x}",
    ),
    "conditions on one value, at ever wider thresholds": (
        "last_side", lambda x, k: f"{x} * 2 if inventory / 1lot > {k} * last_side else {x}",
    ),
    "conjunctions": (
        "last_side", lambda x, k: f"1 if {x} > {k} and ({x} > 3 or inventory > {k}) else {x}",
    ),
    "doubled terms": ("last_side", lambda x, _: f"{x} + {x} * 0.5"),
    "powers of sums": (
        "inventory / max_inventory",
        lambda x, _: f"({x} + queue_imbalance + last_side)**2 / 9 + tanh({x})",
    ),
    "windows of windows": ("mid / bid", lambda x, k: f"ewma({x}, {k}s) + lag({x}, 1s)"),
    "extremes": (
        "inventory / max_inventory", lambda x, k: f"max({x}, min({x}, queue_imbalance, {k}))",
    ),
    "wide sums": (
        "inventory / max_inventory", lambda x, _: f"({SUM}) * (1 + {x}) / 100",
    ),
}  # fmt: skip


@pytest.fixture
def spent(monkeypatch):
    """What each rule spent, in order."""
    counts = [0]
    spend, renew = Work.spend, Work.renew

    def counted(work, count):
        counts[-1] += count
        spend(work, count)

    def renewed(work):
        counts.append(0)
        renew(work)

    monkeypatch.setattr(Work, "spend", counted)
    monkeypatch.setattr(Work, "renew", renewed)
    return counts


@pytest.mark.parametrize("shape", SHAPES)
def test_a_rule_looks_at_no_more_than_its_share(shape, spent, tmp_path):
    """However formulas are nested, work is counted and ends, and nothing wrong is said."""
    file = tmp_path / "a.yaml"
    text = chain(*SHAPES[shape])
    file.write_text(text.replace("let:", PARAMS + "let:") if "p0" in text else text)

    found = {problem.code for problem in api.check(file)}

    # A look ends at most one node's worth beyond its share.
    assert max(spent) < ranges.MOST_WORK + 2_000
    assert found <= {"MM403", "MM410"}


def work_of(text):
    """What looking at all outputs of a file takes."""
    document, _ = read_text(text, "a.yaml")
    subject = subject_of(document, formulas_in(document, ()), ())
    structure = Structure(Work(10**6))
    found = ranges.Ranges(structure, lambda _: None)
    for root in subject.outputs:
        found.of(root)
    return structure.work.spent


@pytest.mark.parametrize(
    "shape", ["conditions on each other", "doubled terms", "windows of windows"]
)
def test_work_grows_with_a_chain_as_its_length(shape):
    """What a condition says nothing of is looked at once, whatever it stands behind."""
    short, long = (work_of(chain(*SHAPES[shape], count)) for count in (50, 100))

    assert long < 2.2 * short


def test_conditions_that_are_independent_do_not_multiply():
    """Twenty choices one after another are twenty choices, not a million."""

    def step(x, k):
        return f"{x} * 1.5 if trades({k}s) > 5 else {x}"

    few, many = (work_of(chain("last_side", step, count)) for count in (10, 20))
    assert many < 4.5 * few


LADDER = " ".join(f"{k} if inventory < {k}lot else" for k in range(1, 13))
GUARDED = [
    f"1bps * ({LADDER} mid / spread if spread > 0 else 1)",
    "1bps * (" + "1 if missing(last_price) else " * 12 + "mid / spread if spread > 0 else 1)",
]  # fmt: skip


@pytest.mark.parametrize("formula", GUARDED)
def test_a_ladder_of_conditions_is_looked_at_to_its_end(formula, tmp_path):
    """However many steps there are, the last one's divisor is above 0."""
    file = tmp_path / "a.yaml"
    file.write_text(
        f'{HEAD}quote:\n  half_spread: "max({formula}, 1tick)"\n  size: 100\n'
    )

    assert "MM420" not in {problem.code for problem in api.check(file)}


FILES = [
    HEAD + part
    for manual in MANUALS.values()
    for part in (*manual.failing, *manual.passing)
    if "quote:" in part and "risk:" not in part
]


@pytest.mark.parametrize("most", [0, 1, 5, 20, 60, 200])
def test_with_less_work_less_is_said_and_nothing_else(most, tmp_path, monkeypatch):
    """A warning found with little work is found with more; what was left out is told."""
    for index, text in enumerate([*FILES, chain(*SHAPES["doubled terms"], 20)]):
        file = tmp_path / f"{index}.yaml"
        file.write_text(text)
        whole = {(p.code, p.span) for p in api.check(file)}
        monkeypatch.setattr(Work.__init__, "__defaults__", (most,))

        part = {(p.code, p.span) for p in api.check(file)}

        monkeypatch.undo()
        told = {code for code, _ in part}
        assert {pair for pair in part if pair[0] != "MM403"} <= whole
        assert part == whole or "MM403" in told


def test_what_was_left_out_is_said_by_code(tmp_path, monkeypatch):
    """One warning names the rules that did not come to their end."""
    file = tmp_path / "a.yaml"
    file.write_text(chain(*SHAPES["doubled terms"], 20))
    monkeypatch.setattr(Work.__init__, "__defaults__", (10,))

    (found,) = api.check(file)

    assert found.code == "MM403"
    assert "MM420, MM430" in found.message
    assert found.severity == "warning"


def test_work_that_is_spent_is_no_more():
    """It ends at the count that is one too many."""
    work = Work(2)
    work.spend(2)

    with pytest.raises(TooMuchWorkError):
        work.spend(1)
