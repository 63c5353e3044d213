"""An index of what the instances of a record hold: three letters at a time, in the record's own file.

Only of a record that keeps payloads, and of a file that wfdash wrote: one from elsewhere is never asked this
way. It tells what may match; whether it does is told by the filter itself.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from wfdash.core.filter.contents import Contents
from wfdash.core.filter.detail_fields import DetailFields
from wfdash.core.filter.fields import PLAIN, spellings
from wfdash.core.filter.query import Query

__all__ = ["COLUMNS", "ContentIndex", "Search", "fields_of", "open_index", "search_of"]

_MODULE: Final = "fts5"
COLUMNS: Final = ("params", "output", "steps", "error", "names")
_FORM: Final = 2
"""Of what stands in `facts`; what was written in another one is read from the answer itself."""
_NUL: Final = "\ufffd"
"""Stands for a NUL, at which the tokenizer would end a text."""
_LETTERS: Final = 3
"""Letters of the shortest text that an index by threes can answer (SQLite, FTS5 trigram tokenizer)."""
_MOST: Final = 24
"""Threes that are looked up for one text: each rules out most of what the others leave."""
_PAGES: Final = 500
"""Pages of the index that one merge writes: others wait no longer than for a batch."""
_COLUMNS: Final = {
    "params": ("params",),
    "output": ("output",),
    "any": ("params", "output", "steps", "error"),
    "error": ("error",),
    "step": ("names",),
}
Execute = Callable[[str, Sequence[Any]], sqlite3.Cursor]


class Search(Struct, frozen=True):
    """What a filter asks of what instances hold: `match` of the index by threes of letters, `where` of texts.

    `where` is the part of a WHERE over `contents AS c`, with its values numbered from 1. `match` is "" where
    the texts are too short for threes of letters.
    """

    match: str
    where: str
    values: tuple[str, ...]


class ContentIndex:
    """The search index within the record; written by the record's thread, in its transactions."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    def put(self, key: int, at: float, fields: DetailFields) -> None:
        """Indexes what the instance of this key held at that moment, in place of what it held before."""
        contents = fields.contents
        texts = (contents.params, contents.output, contents.steps, fields.error, "\n".join(fields.steps))
        # A step may have a line break in its name.
        exact = not any("\0" in text for text in texts) and not any("\n" in name for name in fields.steps)
        facts = [_FORM, exact, fields.blocked, fields.odd, fields.status, fields.step_count]
        self._execute(
            f"INSERT OR REPLACE INTO contents (rowid, {', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?)",
            (key, *(text.replace("\0", _NUL) for text in texts)),
        )
        self._execute(
            "INSERT OR REPLACE INTO searched VALUES (?, ?, ?)", (key, at, msgspec.json.encode(facts).decode())
        )

    def merge(self, *, begin: bool) -> bool:
        """Gives back room that dropped instances left; whether there is more.

        One call takes as long as others may wait.
        Each time for no longer than others may wait.
        """
        before = self._execute("SELECT total_changes()", ()).fetchone()[0]
        pages = -_PAGES if begin else _PAGES
        self._execute("INSERT INTO contents (contents, rank) VALUES ('merge', ?)", (pages,))
        # By fewer than two rows FTS5 says that nothing was left to do (its manual, The 'merge' command).
        return bool(self._execute("SELECT total_changes()", ()).fetchone()[0] - before >= 2)


def open_index(connection: sqlite3.Connection, execute: Execute) -> ContentIndex | None:
    """Opens the index, made where there is none; None where this SQLite has no FTS5."""
    try:
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS contents USING {_MODULE}"
            f"({', '.join(COLUMNS)}, tokenize = 'trigram', detail = none)"
        )
        connection.execute("SELECT rowid FROM contents LIMIT 1").fetchone()
    except sqlite3.OperationalError as wrong:
        if "no such module" in str(wrong) or "no such tokenizer" in str(wrong):
            return None
        raise
    return ContentIndex(execute)


def fields_of(facts: object, texts: Sequence[Any]) -> DetailFields | None:
    """Rebuilds indexed fields from `facts` and the texts of COLUMNS.

    None where the answer itself must be read.
    """
    try:
        form, exact, blocked, odd, status, count = msgspec.json.decode(str(facts))
        params, output, steps, error, names = map(str, texts)
    except (ValueError, TypeError):
        return None
    if form != _FORM or not exact:
        return None
    named = tuple(names.split("\n")) if names else ()
    return DetailFields(named, error, blocked, odd, Contents(params, output, steps), status, count)


def search_of(query: Query) -> Search | None:
    """What every match of a filter fulfils and the index can answer; None where there is nothing."""
    wheres: list[str] = []
    matches: list[str] = []
    values: list[str] = []
    for term in query.needed:
        columns = _COLUMNS.get(term.field.partition(".")[0])
        low = [value.replace("\0", _NUL) for value in spellings(term)]
        if columns is None:
            continue
        if "." in term.field and not all(map(PLAIN.fullmatch, low)):  # JSON may write it in another way
            continue
        if all(len(value) >= _LETTERS for value in low):
            matches.append(" OR ".join(f"({_match(value)})" for value in low))
        numbers = range(1 + len(values), 1 + len(values) + len(low))
        wheres.append(
            " OR ".join(f"instr(c.{column}, ?{number}) > 0" for number in numbers for column in columns)
        )
        values += low
    if not wheres:
        return None
    # FTS5 bounds how large an expression is; without it the texts are gone through.
    small = sum(part.count("AND") for part in matches) < 8 * _MOST
    match = " AND ".join(f"({part})" for part in matches) if small else ""
    return Search(match, " AND ".join(f"({part})" for part in wheres), tuple(values))


def _match(text: str) -> str:
    """Asks for threes of its letters. Without what FTS5 takes for its own, for each stands in quotes."""
    threes = list(dict.fromkeys(text[start : start + _LETTERS] for start in range(len(text) - _LETTERS + 1)))
    chosen = threes[:: -(-len(threes) // _MOST)]
    return " AND ".join('"{}"'.format(three.replace('"', '""')) for three in chosen)
