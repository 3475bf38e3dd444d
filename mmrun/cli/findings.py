"""The findings of `mmrun data check` as text for people and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from mmrun.cli.moments import clock


if TYPE_CHECKING:
    from mmrun.market.check import Finding, Report
    from mmrun.market.check_finding import Place
    from mmrun.market.dataset import Dataset


def page(dataset: Dataset, report: Report) -> str:
    """All findings, symbol by symbol and venue by venue, and how many there are."""
    files = len(dataset.files)
    lines = [f"{dataset.path}: {report.rows:,} rows, {_many(files, 'file')} in all"]
    timezone = dataset.manifest.provenance.timezone
    for (symbol, venue), found in groupby(
        report.findings, key=lambda finding: (finding.symbol, finding.venue)
    ):
        lines += ["", f"{symbol} at {venue}" if venue else f"{symbol} over its venues"]
        lines += [line for finding in found for line in _lines(finding, timezone)]
    return "\n".join([*lines, "", _verdict(report)])


def _lines(finding: Finding, timezone: str) -> Iterator[str]:
    from mmrun.market.check import CODES
    from mmrun.market.check_finding import length

    title = CODES[finding.code]
    yield f"  {finding.severity}[{finding.code}] {title}: {finding.message}"
    if finding.code == "MM511":  # what matters of a silence is how long and when
        for amount, place in finding.worst:
            begins = clock(place.ts - int(amount), timezone)
            yield f"      {length(amount)} from {begins} to {clock(place.ts, timezone)}"
    else:
        if finding.first is not None:
            yield f"      first: {_where(finding.first, timezone)}"
        if finding.worst and finding.worst[0][1] != finding.first:
            yield f"      worst: {_where(finding.worst[0][1], timezone)}"
    if finding.hint:
        yield f"      help: {finding.hint}"


def _where(place: Place, timezone: str) -> str:
    return f"{clock(place.ts, timezone)}, row {place.row:,} of {place.file}"


def _verdict(report: Report) -> str:
    counts = [
        _many(count, name)
        for name in ("error", "warning", "note")
        if (count := report.count(name))
    ]
    if not counts:
        return "nothing found"
    end = "; hopeless: a run on this would mean nothing" if report.hopeless else ""
    return ", ".join(counts) + end


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def as_json(dataset: Dataset, report: Report) -> str:
    """One object, `version` first; times in ns since 1970."""
    content = {
        "version": 1,
        "dataset": str(dataset.path),
        "content_hash": dataset.content_hash,
        "rows": report.rows,
        "hopeless": report.hopeless,
        "errors": report.count("error"),
        "warnings": report.count("warning"),
        "notes": report.count("note"),
        "findings": [_record(finding) for finding in report.findings],
    }
    return json.dumps(content, indent=2)


def _record(finding: Finding) -> dict[str, Any]:
    from mmrun.market.check import CODES

    worst = [{"amount": amount, **asdict(place)} for amount, place in finding.worst]
    return {
        **asdict(finding),
        "title": CODES[finding.code],
        "share": finding.share,
        "worst": worst,
    }
