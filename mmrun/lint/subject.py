"""What lint rules look at: a file, its formulas with their meaning, and assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mmrun.documents import Document, Scalar, Section
from mmrun.documents.nodes import plain
from mmrun.lang.mentions import QUOTE_FIELDS
from mmrun.lang.names import QUOTED, VENUE_NAMES, split
from mmrun.lang.nodes import Expr
from mmrun.lang.show import show_expr
from mmrun.lint.bounds import POSITIVE
from mmrun.lint.intervals import ANYTHING, Interval, hull, multiply, point
from mmrun.lint.ranges import Leaves, Ranges, Structure, leaf
from mmrun.lint.refine import Facts
from mmrun.plan.compile import TARGET, meanings, with_defaults
from mmrun.problems import Problem, Severity, problem_at
from mmrun.strategy.spec import Formula, Formulas, Param
from mmrun.strategy.values import fee, quantity


#: Prices at which formulas are compared: what holds at all of them is no matter of the
#: instrument's price.
MIDS = (1.0, 100.0, 10_000.0)


@dataclass(frozen=True)
class Subject:
    """A strategy file as rules see it. What could not be read is not there."""

    document: Document
    formulas: Formulas
    meant: Mapping[str, Expr]  #: by key: `let.sigma`, `fair`, `toxicity.calm.when`
    texts: Mapping[str, Formula]  #: the same keys
    problems: tuple[Problem, ...]  #: found so far
    structure: Structure = field(default_factory=Structure)

    @cached_property
    def prices(self) -> Mapping[str, Expr]:
        """Quote fields with their defaults; none where the file's are not clear."""
        given = {
            name: self.meant[name]
            for name in (*QUOTE_FIELDS, "bid", "ask")
            if name in self.meant
        }
        whole = "half_spread" in given or {"bid", "ask"} <= given.keys()
        if not whole or any(name not in given for name in self._written):
            return {}
        sizes = dict.fromkeys(("bid_size", "ask_size"), leaf("bid_size"))
        return with_defaults(given | sizes)

    @cached_property
    def _written(self) -> list[str]:
        quote = self.document.at("quote")
        names = quote.entries if isinstance(quote, Section) else {}
        return [name for name in (*QUOTE_FIELDS, "bid", "ask") if name in names]

    @cached_property
    def outputs(self) -> tuple[Expr, ...]:
        """Everything that is computed in a run: quote fields and conditions."""
        return tuple(e for key, e in self.meant.items() if not key.startswith("let."))

    @cached_property
    def conditions(self) -> Mapping[str, Expr]:
        """The conditions of rules, by key: `toxicity.calm.when`."""
        return {key: e for key, e in self.meant.items() if key.endswith(".when")}

    @cached_property
    def params(self) -> Mapping[str, Param]:
        """Params by name."""
        return {param.name: param for param in self.formulas.params}

    def value(self, *path: str) -> object:
        """The plain value at a path, None where there is none."""
        node = self.document.at(*path)
        return None if node is None else plain(node)

    def number(self, *path: str) -> float | None:
        """The number at a path, None where there is none."""
        found = quantity(self.document.at(*path))
        return None if found is None else found.value

    # ---- assumptions

    @cached_property
    def declared(self) -> Ranges:
        """What formulas can give over all that is declared."""
        return self.ranges()

    @cached_property
    def gaps(self) -> tuple[Interval, ...]:
        """The own ask less the own bid at each of `MIDS`, over all that is declared."""
        return tuple(self.gap(mid) for mid in MIDS)

    def gap(
        self,
        mid: float,
        facts: Facts | None = None,
        values: Mapping[str, float] | None = None,
    ) -> Interval:
        """The own ask less the own bid at a mid and other names' values, under facts."""
        ranges = self.ranges({"mid": mid, **(values or {})}, facts)
        return ranges.less(self.prices["ask"], ranges, self.prices["bid"])

    def ranges(
        self,
        values: Mapping[str, float] | None = None,
        facts: Facts | None = None,
        *,
        anywhere: bool = True,
        moment: str = "",
    ) -> Ranges:
        """What formulas can give.

        Args:
            values: params, market names and own state that have one value.
            facts: what is assumed of nodes besides, by their numbers.
            anywhere: params lie anywhere in their declared ranges; else at their values.
            moment: see `Ranges`.
        """
        known = values or {}
        steady = {name: x for name, x in known.items() if name in self.params}
        return Ranges(
            self.structure,
            self._leaves(known, anywhere=anywhere),
            facts,
            always=self._leaves(steady, anywhere=anywhere),
            moment=moment,
        )

    def _leaves(self, known: Mapping[str, float], *, anywhere: bool) -> Leaves:
        def interval(node: Expr) -> Interval | None:
            if node.name in known:
                return point(known[node.name])
            if node.op == "param" and node.name in self.params:
                return _of_param(self.params[node.name], anywhere=anywhere)
            source, name = split(node.name)
            if name in VENUE_NAMES:
                return self._cost(source, name, known.get("mid"))
            quoted = (source, name) == (QUOTED, "spread")
            return self.limits.get("spread" if quoted else node.name)

        return interval

    def _cost(self, source: str, name: str, mid: float | None) -> Interval:
        """A fee as a price: of any venue that is quoted, or of one."""
        venues = [v.name for v in self.formulas.venues if source in {QUOTED, v.name}]
        at = POSITIVE if mid is None else point(mid)
        found = [
            self._fee_at(venue, name.removesuffix("_cost"), at) for venue in venues
        ]
        return hull(*found) if found else point(0.0)

    def _fee_at(self, venue: str, role: str, mid: Interval) -> Interval:
        for key in (f"{role}_fee", f"{role}_rebate"):
            node = self.document.at("venues", venue, key)
            if isinstance(node, Scalar) and quantity(node) is not None:
                charged = fee(node, sign=-1 if key.endswith("rebate") else 1)
                rate = point(charged.rate)
                return multiply(rate, mid) if charged.unit == "value" else rate
            if node is not None:
                return ANYTHING
        return point(0.0)

    @cached_property
    def limits(self) -> Mapping[str, Interval]:
        """What limits and levels say of names."""
        found: dict[str, Interval] = {}
        most = self.number("risk", "max_inventory")
        if most is not None:
            found["max_inventory"] = point(most)
        if most is not None and self.value("risk", "on_breach") != "none":
            short = self.value("risk", "allow_short") is not False
            found["inventory"] = Interval(-most if short else 0.0, most)
        if self.value("risk", "crossed_book") == "off" or not found:
            found["spread"] = ANYTHING
        count = self.number("quote", "levels", "count") or 1.0
        found["level"] = Interval(0.0, count - 1.0)
        if self.document.at("risk", "target_inventory") is None:
            found["target_inventory"] = point(0.0)
        return found

    # ---- places

    def warn(
        self,
        key: str,
        code: str,
        message: str,
        *hints: str,
        at: Expr | None = None,
        severity: Severity = "warning",
    ) -> Problem:
        """A problem of a formula, or of a node that stands in it."""
        text = self.texts[key]
        start, end = (0, None) if at is None else (at.start, at.end)
        return problem_at(
            text.place,
            code,
            message,
            hints=hints,
            severity=severity,
            start=start,
            end=end,
        )

    @cached_property
    def _roots(self) -> Mapping[int, str]:
        return {id(expr): key for key, expr in reversed(list(self.meant.items()))}

    @cached_property
    def owners(self) -> Mapping[int, str]:
        """For every node, by `id`, the formula it was written in."""
        found: dict[int, str] = {}
        for key, root in self.meant.items():
            stack = [root]
            while stack:
                node = stack.pop()
                of_other = self._roots.get(id(node), key) != key
                if id(node) in found or of_other:
                    continue
                found[id(node)] = key
                stack.extend(node.args)
        return found

    def text(self, node: Expr) -> str:
        """A node as the user wrote it; a let by its name."""
        if id(node) in self._let_names:
            return self._let_names[id(node)]
        key = self.owners.get(id(node), "")
        written = self.texts[key].text[node.start : node.end] if key else ""
        if not written or written.startswith("("):
            return show_expr(node, self._let_names)
        return " ".join(written.split())

    @cached_property
    def _let_names(self) -> Mapping[int, str]:
        return {
            key: name.removeprefix("let.")
            for key, name in self._roots.items()
            if name.startswith("let.")
        }


def _of_param(param: Param, *, anywhere: bool) -> Interval:
    if anywhere and param.low is not None and param.high is not None:
        return Interval(param.low, param.high)
    return point(param.value)


def subject_of(
    document: Document, formulas: Formulas, found: Sequence[Problem]
) -> Subject:
    """Find what formulas mean, and put all of it together."""
    meant, _ = meanings(formulas)
    texts = {f"let.{let.name}": let.formula for let in formulas.lets}
    texts |= formulas.fields
    texts |= {f"{key}.when": text for key, text in formulas.conditions.items()}
    texts |= {TARGET: formulas.target} if formulas.target else {}
    return Subject(document, formulas, meant, texts, tuple(found))
