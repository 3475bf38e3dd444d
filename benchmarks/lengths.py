"""Prints how long the files and functions of `mmrun/` are: to look at, not to gate on."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path


PACKAGE = Path(__file__).parent.parent / "mmrun"
LONGEST = 5


def main() -> None:
    """Print the table."""
    files: dict[str, int] = {}
    functions: dict[str, int] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        name = str(path.relative_to(PACKAGE))
        files[name] = source.count("\n")
        functions |= {f"{name}:{at}": n for at, n in _bodies(ast.parse(source))}
    _print_row("lines of", "count", "median", "p90", "longest")
    for what, lengths in (("a file", files), ("a function", functions)):
        values = sorted(lengths.values())
        p90 = values[int(0.9 * (len(values) - 1))]
        middle = statistics.median(values)
        _print_row(what, len(values), f"{middle:g}", p90, values[-1])
    for what, lengths in (("files", files), ("functions", functions)):
        print(f"\nlongest {what}")
        for name in sorted(lengths, key=lengths.__getitem__)[: -LONGEST - 1 : -1]:
            print(f"  {lengths[name]:5}  {name}")


def _bodies(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each function's name and the lines of its body, its docstring left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            has_docstring = ast.get_docstring(node) is not None
            body = node.body[1:] if has_docstring else node.body
            first = body[0].lineno if body else node.lineno
            yield f"{node.lineno} {node.name}", (node.end_lineno or first) - first + 1


def _print_row(*cells: object) -> None:
    print("".join(f"{cell!s:>12}" for cell in cells))


if __name__ == "__main__":
    main()
