"""Rows and instances as files: CSV and NDJSON of the table, JSON and Markdown of one instance."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from unicodedata import category, normalize

from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.lazy_steps import plain
from wfdash.core.model.step import ABSENT
from wfdash.core.model.times import iso
from wfdash.core.text.markdown import escaped

__all__ = ["COLUMNS", "instance_json", "instance_markdown", "table_csv", "table_ndjson"]

COLUMNS = (
    "id",
    "status",
    "created_on",
    "modified_on",
    "started_on",
    "ended_on",
    "version_id",
    "trigger_source",
)
_FORMULA = frozenset("=+-@\N{MINUS SIGN}")
"""What begins a formula in Excel, LibreOffice and Google Sheets (OWASP, CSV injection), less the blanks."""


def table_csv(rows: Iterable[Instance]) -> Iterator[str]:
    """The rows as CSV, a header first.

    A cell that a spreadsheet would run as a formula gets an apostrophe before it; NDJSON keeps all raw.
    """
    yield _csv_line(COLUMNS)
    for row in rows:
        item = row.item()
        yield _csv_line([_cell(item.get(column)) for column in COLUMNS])


def table_ndjson(rows: Iterable[Instance]) -> Iterator[str]:
    """The rows as the API sent them, one JSON object a line, ASCII-escaped."""
    for row in rows:
        yield json.dumps(row.item()) + "\n"


def instance_json(detail: Detail, *, why: str, outputs: Mapping[int, Any], now: float) -> str:
    """One instance in full, `why` as of `now`; `outputs`: full step outputs by index, as fetched."""
    exported = {
        "workflow": detail.workflow,
        "id": detail.id,
        "at": iso(now),
        "why": why,
        "result": plain(detail.raw),
        "step_outputs": {str(index): value for index, value in sorted(outputs.items())},
    }
    return json.dumps(exported, indent=2) + "\n"


def instance_markdown(detail: Detail, *, why: str, timeline: Iterable[str], now: float) -> str:
    """One instance for a ticket: the sentence as of `now`, the facts, the timeline, params and output."""
    fields = [
        ("status", detail.status),
        ("version", detail.version),
        ("trigger", detail.trigger),
        ("queued", _when(detail.queued)),
        ("started", _when(detail.start)),
        ("ended", _when(detail.end)),
        ("told", _when(now)),
    ]
    parts = [f"# {escaped(detail.workflow)} / {escaped(detail.id)}", escaped(why)]
    parts.append("\n".join(f"- {name}: {escaped(value)}" for name, value in fields if value))
    if detail.error:
        parts.append(f"**{escaped(detail.error.name or 'Error')}**: {escaped(detail.error.message)}")
    parts.append(_block("\n".join(timeline), "text"))
    for name, value in (("params", detail.params), ("output", detail.output)):
        if value is not ABSENT and value is not None:
            parts.append(f"{name}:\n\n{_block(json.dumps(value, indent=2), 'json')}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _cell(value: object) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    return "'" + text if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    """Whether a spreadsheet could run it: blanks and what has no width are skipped, wide forms are read."""
    if text.startswith(("\t", "\r", "\n")):
        return True
    first = next((character for character in text if category(character)[0] not in "ZCM"), "")
    return normalize("NFKC", first)[:1] in _FORMULA


def _csv_line(cells: Iterable[str]) -> str:
    """Writes one line of CSV with every cell quoted: some spreadsheets part a line at `;` or a tab too."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()


def _when(at: float | None) -> str:
    return "" if at is None else iso(at)


def _block(text: str, language: str) -> str:
    fence = "```"
    # A value may hold a fence itself: a longer one encloses it.
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"
