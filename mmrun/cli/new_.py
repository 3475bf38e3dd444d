"""`mmrun new`: a strategy with its tests, to start from."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from mmrun.problems import UsageError


_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")

STRATEGY = """\
# yaml-language-server: $schema={schemas}/strategy.schema.json
#
# mmrun check {name}.yaml     what is wrong with it
# mmrun test {name}.yaml      its tests, in {name}.test.yaml
# mmrun run {name}.yaml       a replay of the example market, or --data DIR
mmrun: 1
name: {name}
description: A spread around mid that leans against the inventory.

params:
  width: {{value: 5, unit: bps, range: [1, 50], doc: half spread}}
  lean: {{value: 1, range: [0, 3], doc: "shift at full inventory, in half spreads"}}
  clip: {{value: 100, unit: size, range: [1, 100000], doc: size of a quote}}

let:
  load: inventory / max_inventory      # -1 short … 1 long

quote:
  half_spread: max(width, 1tick)       # bps beside a price are bps of mid
  reservation: mid - lean * load * half_spread
  size: clip

risk:
  max_inventory: 1000                  # at a limit the side that adds is dropped
"""

TESTS = """\
# yaml-language-server: $schema={schemas}/test.schema.json
mmrun: 1
strategy: {name}.yaml
tests:
  - name: Flat, both sides stand 5bps from mid, rounded outward.
    given: {{bid: 149.95, ask: 150.05}}
    expect: {{bid: 149.92, ask: 150.08, bid_size: 100, ask_size: 100}}
  - name: A long book quotes both sides lower.
    given: {{bid: 149.95, ask: 150.05, inventory: 500}}
    expect: {{bid: 149.88, ask: 150.04, load: 0.5}}
  - name: At the limit the side that adds is dropped and the other stays.
    given: {{bid: 149.95, ask: 150.05, inventory: 1000}}
    expect: {{bid_rule: max_inventory, ask: 150.0}}
  - name: Where 5bps are less than a tick, a tick is quoted.
    given: {{bid: 9.99, ask: 10.01}}
    expect: {{half_spread: 1tick}}
  - name: After a fill at the bid, quotes come down.
    tape: |
      0ms   quote NASDAQ 149.95x300 150.05x200
      10ms  trade NASDAQ sell 149.91x100
      20ms  quote NASDAQ 149.95x300 150.05x200
    expect:
      - {{at: 9ms, bid: 149.92, ask: 150.08}}
      - at: 20ms
        fills: [{{at: 10ms, side: buy, price: 149.92, size: 100}}]
        bid: 149.91
        ask: 150.07
"""


@click.command("new")
@click.argument("name", type=click.Path(path_type=Path))
def command(name: Path) -> None:
    """Write NAME.yaml, a strategy, and NAME.test.yaml, its tests.

    The first line of both tells editors the schema: that of a folder `schemas` here or
    above, which is made beside them where there is none. Files are not overwritten.
    """
    folder, stem = name.parent, name.name.removesuffix(".yaml")
    if not _NAME.match(stem):
        message = f"'{stem}' is no name: lower-case letters, digits and underscores"
        raise UsageError(message)
    files = [folder / f"{stem}.yaml", folder / f"{stem}.test.yaml"]
    for file in files:
        if file.exists():
            message = f"'{file}' is there already"
            raise UsageError(message)
    written = _write(folder, files, stem)
    for file in written:
        click.echo(file)


def _write(folder: Path, files: list[Path], stem: str) -> list[Path]:
    """Write what is not there yet; the files written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        schemas = _schemas_above(folder)
        made = [] if schemas else _write_schemas(folder / "schemas")
        where = os.path.relpath(schemas or folder / "schemas", folder)
        for file, text in zip(files, (STRATEGY, TESTS), strict=True):
            shown = text.format(name=stem, schemas=Path(where).as_posix())
            file.write_text(shown, encoding="utf-8")
    except OSError as error:
        message = f"cannot write '{error.filename}': {error.strerror}"
        raise UsageError(message) from error
    return [*files, *made]


def _schemas_above(folder: Path) -> Path | None:
    """The nearest `schemas` folder with ours, up to the repository's top."""
    for parent in (folder.absolute(), *folder.absolute().parents):
        found = parent / "schemas"
        if all((found / f"{kind}.schema.json").is_file() for kind in _KINDS):
            return found
        if (parent / ".git").exists():
            return None
    return None


_KINDS = ("strategy", "test")


def _write_schemas(folder: Path) -> list[Path]:
    from mmrun.documents.schema import schema_folder

    folder.mkdir(exist_ok=True)
    made = [folder / f"{kind}.schema.json" for kind in _KINDS]
    for file in made:
        text = (schema_folder() / file.name).read_text(encoding="utf-8")
        file.write_text(text, encoding="utf-8")
    return made
