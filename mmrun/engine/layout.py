"""Which columns are made where: at every row, at trade rows, or at fresh rows alone.

What the kernel reads in the end, and nothing over time does, is *late*: it is computed
where something that it is made of changes (`engine.fresh`). What a late step makes of
samples at trades alone is *held*: computed once a trade, and kept until the next one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from mmrun.engine.sparse import read_by, readers, samples_trades
from mmrun.plan.plan import ColumnStep, Plan, Step
from mmrun.plan.program import Instruction, Program


#: Instructions that are worth a step of their own.
_WORTH = 4
_BOOLEAN = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"})


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of columns by where they are made."""

    columns: tuple[str, ...]  #: what the kernel reads
    sparse: frozenset[str]  #: at trade rows, as `sparse.sparse_steps` says
    samples: Mapping[str, str]  #: held: samples at trades, by what they sample
    held: tuple[str, ...]  #: those, and the late steps that read nothing else
    late: frozenset[str]  #: the other late steps
    leaves: tuple[str, ...]  #: at every row: what late steps and the kernel read of it
    lines: tuple[str, ...]  #: what there is at fresh rows, the kernel's columns first

    @property
    def elsewhere(self) -> frozenset[str]:
        """The steps that are not made at every row."""
        return self.sparse | self.late | frozenset(self.held)


def lay_out(plan: Plan, sparse: frozenset[str]) -> Layout:
    """The layout of a plan."""
    columns = tuple(n for n in plan.read_at_rows if n[0] not in "$@~")
    late = _late_steps(plan, sparse)
    samples = _samples(plan, sparse, late)
    held = _held(plan.steps, samples.values(), late)
    late -= set(held)
    moving = [step for step in plan.steps if step.output in late]
    read = dict.fromkeys((*columns, *(n for step in moving for n in columns_of(step))))
    return Layout(
        columns=columns,
        sparse=sparse,
        samples=samples,
        held=held,
        late=late,
        leaves=tuple(n for n in read if n not in late and n not in held),
        lines=tuple(n for n in read if n in columns or n not in late),
    )


def parted(plan: Plan, sparse: frozenset[str]) -> Plan:
    """The plan, with what late steps make of held columns alone as steps of their own."""
    late = _late_steps(plan, sparse)
    samples = _samples(plan, sparse, late).values()
    held = {*samples, *_held(plan.steps, samples, late)}
    steps: list[Step] = []
    for step in plan.steps:
        if isinstance(step, ColumnStep) and step.output in late - held:
            steps += part(step, held)
        else:
            steps.append(step)
    return replace(plan, steps=tuple(steps))


def columns_of(step: Step) -> tuple[str, ...]:
    """The columns that a step reads, run values left out."""
    return tuple(name for name in read_by(step) if name[0] != "$")


def _late_steps(plan: Plan, sparse: frozenset[str]) -> frozenset[str]:
    """The pointwise steps that only the kernel reads, or other such steps."""
    late = {step.output for step in plan.steps if isinstance(step, ColumnStep)} - sparse
    while stray := {name for name in late if not _only_read_by(late, name, plan)}:
        late -= stray
    return frozenset(late)


def _samples(
    plan: Plan, sparse: frozenset[str], late: frozenset[str]
) -> dict[str, str]:
    """The samples of sparse steps that only late steps and the kernel read."""
    return {
        step.inputs[0]: step.output
        for step in plan.steps
        if samples_trades(step)
        and step.inputs[0] in sparse
        and _only_read_by(late, step.output, plan)
    }


def _only_read_by(steps: Collection[str], name: str, plan: Plan) -> bool:
    """Whether no other step reads a column; the kernel may."""
    return all(reader.output in steps for reader in readers(name, plan))


def _held(
    steps: Iterable[Step], samples: Iterable[str], late: frozenset[str]
) -> tuple[str, ...]:
    """The samples, then the late steps that read nothing that is not held."""
    held = dict.fromkeys(samples)
    for step in steps:
        if step.output in late and all(name in held for name in columns_of(step)):
            held[step.output] = None
    return tuple(held)


def part(step: ColumnStep, held: Collection[str]) -> tuple[ColumnStep, ...]:
    """The step, behind steps for what it makes of held columns alone.

    Only numbers can be columns, and only what takes some instructions is worth one.
    """
    program = step.program
    cut: dict[int, str] = {}
    parts: list[ColumnStep] = []
    for register in _ends_of_held(program, held):
        own = sliced(program, register, {})
        if sum(line.op != "const" for line in own.instructions) >= _WORTH:
            cut[register] = f"{step.output}/{len(parts)}"
            parts.append(ColumnStep(cut[register], own))
    return (*parts, ColumnStep(step.output, sliced(program, program.outputs[0], cut)))


def _ends_of_held(program: Program, held: Collection[str]) -> list[int]:
    """The numbers made of held columns and run values that others are made of."""
    first = len(program.inputs)
    moving, fixed = set[int](), set[int]()
    for register, name in enumerate(program.inputs):
        if name[0] == "$":
            fixed.add(register)
        elif name not in held:
            moving.add(register)
    for register, line in enumerate(program.instructions, first):
        if moving.intersection(line.args):
            moving.add(register)
        elif fixed.issuperset(line.args):
            fixed.add(register)
    ends = set[int]()
    for register in range(first + len(program.instructions) - 1, first - 1, -1):
        line = program.instructions[register - first]
        if register in ends and line.op in _BOOLEAN:
            ends.remove(register)
            moving.add(register)
        if register in moving:
            ends |= set(line.args) - moving - fixed
    return sorted(ends)


def sliced(program: Program, output: int, cut: Mapping[int, str]) -> Program:
    """The program of one register, those in `cut` being inputs of it by name."""
    first = len(program.inputs)
    needed = {output}
    for register in range(output, first - 1, -1):
        if register in needed and register not in cut:
            needed.update(program.instructions[register - first].args)
    names = dict(enumerate(program.inputs)) | dict(cut)
    inputs = [register for register in sorted(needed) if register in names]
    lines = [register for register in sorted(needed) if register not in names]
    places = {register: place for place, register in enumerate((*inputs, *lines))}
    return Program(
        tuple(names[register] for register in inputs),
        tuple(_moved(program.instructions[line - first], places) for line in lines),
        (places[output],),
    )


def _moved(line: Instruction, places: Mapping[int, int]) -> Instruction:
    return replace(line, args=tuple(places[arg] for arg in line.args))
