"""Which instances of the own record hold what a filter asks for, whether the server still has them or not."""

from collections.abc import Container, Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from wfdash.core.filter.detail_fields import DetailFields, read_fields
from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.query import Query
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.json_values import NOT_RECORDED
from wfdash.core.model.status import is_final
from wfdash.live.records.contents import COLUMNS, Search, fields_of, search_of
from wfdash.live.records.record.reading import KeptDetail, RecordReader

__all__ = [
    "Place",
    "RecordedInstance",
    "all_indexed",
    "find_others",
    "ids_with",
    "look_up",
    "may_hold",
    "named",
    "pages_of",
    "still_holds",
    "tells_contents",
]

Place = tuple[int, str]
"""The key of an instance in the record, and its id."""
_PAGE: Final = 500
"""Instances whose kept answers are looked at in one question."""
_FIRST: Final = 200
"""Places that come first: some of them are on screen before the next letter is typed."""
_FEW: Final = 2_000
"""Places that are looked up and put in order; of more, instances are gone through from the newest on."""
_MANY: Final = 10_000
"""Keys that are remembered of what the index names; what more than these hold is in many of the newest."""
_BLOCK: Final = 1_000
"""Instances that are gone through in one question: the next letter waits for no more."""
_MOST: Final = 100_000
"""Instances that the index may name; a text that all of them hold is looked for from the newest on."""
_TEXTS: Final = ", ".join(f"c.{name}" for name in COLUMNS)
_ROW: Final = (
    "i.id, l.status, l.created, l.modified, l.started, l.ended, l.version, l.source, l.extra, i.created"
)
_LISTED: Final = (
    "LEFT JOIN listed AS l ON l.instance = i.key"
    " AND l.at = (SELECT max(at) FROM listed WHERE instance = i.key)"
)
_OF: Final = "i.workflow = (SELECT key FROM workflow WHERE name = ?1)"
_ORDER: Final = "ORDER BY i.created DESC, i.id DESC LIMIT ?2"
_INDEXED: Final = (
    # The few that the index names are looked up among the instances, never the other way.
    "SELECT i.key, i.id FROM contents AS c CROSS JOIN instance AS i ON i.key = c.rowid"
    f" WHERE {_OF} AND c.contents MATCH ?3 {_ORDER}"
)
_BY_AGE: Final = (
    f"SELECT i.key, i.id, i.created FROM instance AS i WHERE {_OF} AND (i.created, i.id) < (?3, ?4) {_ORDER}"
)
_OTHERS: Final = (
    f"SELECT i.key, i.id FROM instance AS i WHERE {_OF} {{}} AND EXISTS"
    f" (SELECT 1 FROM detail WHERE instance = i.key AND simple = 0) {_ORDER}"
)
_KEYS: Final = "SELECT rowid FROM contents WHERE contents MATCH ?1 LIMIT ?2"
_NOT_INDEXED: Final = "AND NOT EXISTS (SELECT 1 FROM searched WHERE instance = i.key)"


class RecordedInstance(Struct, frozen=True):
    """A recorded instance: `row` as listed last, `fields` as they were read at `at`."""

    row: Instance
    at: float
    fields: DetailFields

    def tells_of(self, row: Instance) -> bool:
        """Whether what was recorded is still so of this row as the list tells it now."""
        return still_holds(self.at, self.fields.status, row)


def named(reader: RecordReader, workflow: str, query: Query) -> Iterator[list[Place]]:
    """What the index names for a filter, newest first, some at a time: among them are all that match."""
    search = search_of(query)
    if search is None or not reader.has_index:
        return
    lines = reader.ask(_KEYS, search.match, _MANY + 1) if search.match else []
    if search.match and len(lines) <= _FEW:
        yield from _first_apart(_places(reader, workflow, _INDEXED, (search.match,)))
        return
    keys = {key for (key,) in lines} if 0 < len(lines) <= _MANY else None
    yield from _by_age(reader, workflow, search, keys)


def _by_age(
    reader: RecordReader, workflow: str, search: Search, keys: Container[int] | None
) -> Iterator[list[Place]]:
    """Yields places with one of these keys, newest first; without keys, those whose texts are found to match.

    What many hold is met soon by whoever goes through the newest; to put all of it in order takes longer the
    more there is.
    """
    created, identity, block = float("inf"), "", _FIRST
    while lines := reader.ask(_BY_AGE, workflow, block, created, identity):
        holding = _holding(reader, search, [line[0] for line in lines]) if keys is None else keys
        yield from _first_apart([(key, name) for key, name, _ in lines if key in holding])
        (_, identity, created), block = lines[-1], _BLOCK


def _holding(reader: RecordReader, search: Search, keys: Sequence[int]) -> set[int]:
    these = ", ".join(map(str, keys))
    found = reader.ask(
        f"SELECT c.rowid FROM contents AS c WHERE c.rowid IN ({these}) AND ({search.where})", *search.values
    )
    return {key for (key,) in found}


def _first_apart(places: list[Place]) -> Iterator[list[Place]]:
    """Splits places in two, a first few and the rest: somebody waits for anything at all."""
    yield places[:_FIRST]
    if places[_FIRST:]:
        yield places[_FIRST:]


def find_others(
    reader: RecordReader, workflow: str, query: Query, now: float, apart_from: Container[str] = ()
) -> Iterator[list[RecordedInstance]]:
    """Yields matches that the index does not name, by going through the instances.

    All where there is none, and for a filter of which it can tell no term: `odd:ran-twice`, `a or params~7`.
    """
    if may_hold(query):
        indexed = reader.has_index and search_of(query) is not None
        others = _OTHERS.format(_NOT_INDEXED if indexed else "")
        yield from pages_of(reader, workflow, _places(reader, workflow, others), query, now, apart_from)


def may_hold(query: Query) -> bool:
    """Whether what a record holds can match: what the server erased waits for nothing any more."""
    return query.needs_details and not any(term.field == "blocked" for term in query.needed)


def ids_with(reader: RecordReader, workflow: str, query: Query, now: float, most: int) -> list[Instance]:
    """Instances that a filter for ids names, as listed last, newest first.

    None where they are over `most`.
    """
    # SQLite folds the case of ASCII alone: other words are left to the filter.
    words = [word for word in query.id_words if word.isascii()]
    holds = "".join(f" AND instr(lower(i.id), ?{number}) > 0" for number, _ in enumerate(words, 3))
    lines = reader.ask(
        f"SELECT {_ROW} FROM instance AS i JOIN listed AS l ON l.instance = i.key"
        " AND l.at = (SELECT max(at) FROM listed WHERE instance = i.key)"
        f" WHERE {_OF}{holds} {_ORDER}",
        workflow,
        _FEW,
        *words,
    )
    if len(lines) >= _FEW:  # a word that so many ids hold is meant for none of them, and each letter asks
        return []
    matches = query.matcher(now)
    rows = [row for line in lines if (row := reader.row_of(line)) is not None and matches(row)]
    return rows if len(rows) <= most else []


def all_indexed(reader: RecordReader, workflow: str) -> bool:
    """Whether the index holds every instance of it that was read."""
    return reader.has_index and not reader.ask(_OTHERS.format(_NOT_INDEXED), workflow, 1)


def look_up(reader: RecordReader, workflow: str, instance: str) -> tuple[float, DetailFields] | None:
    """What the index holds of an instance, and since when; None where it holds nothing."""
    found = reader.ask(
        f"SELECT s.at, s.facts, {_TEXTS} FROM instance AS i JOIN searched AS s ON s.instance = i.key"
        " JOIN contents AS c ON c.rowid = i.key"
        " WHERE i.workflow = (SELECT key FROM workflow WHERE name = ?1) AND i.id = ?2",
        workflow,
        instance,
    )
    for at, facts, *texts in found:
        if (fields := fields_of(facts, texts)) is not None:
            return float(at), fields
    return None


def tells_contents(kept: KeptDetail) -> bool:
    """Whether payloads were kept with it."""
    return NOT_RECORDED not in (kept.result.get("params"), kept.result.get("output"))


def still_holds(at: float, status: object, row: Instance) -> bool:
    """Whether what was read at that moment is still so of the row as it is listed now."""
    if status != row.status:
        return False
    changed = row.modified if row.modified is not None else row.ended
    return changed <= at if changed is not None else is_final(row.status)


def _places(reader: RecordReader, workflow: str, sql: str, values: Sequence[str] = ()) -> list[Place]:
    return [(key, identity) for key, identity in reader.ask(sql, workflow, _MOST, *values)]


def pages_of(
    reader: RecordReader,
    workflow: str,
    places: Sequence[Place],
    query: Query,
    now: float,
    apart_from: Container[str] = (),
) -> Iterator[list[RecordedInstance]]:
    """Yields the instances at these places that match, page by page, without those `apart_from`."""
    keys = [key for key, identity in places if identity not in apart_from]
    for start in range(0, len(keys), _PAGE):
        these = ", ".join(map(str, keys[start : start + _PAGE]))
        lines = reader.ask(
            f"SELECT {_ROW}, s.at, s.facts, {_TEXTS} FROM instance AS i {_LISTED}"
            " LEFT JOIN searched AS s ON s.instance = i.key LEFT JOIN contents AS c ON c.rowid = i.key"
            f" WHERE i.key IN ({these}) ORDER BY i.created DESC, i.id DESC"
            if reader.has_index
            else f"SELECT {_ROW} FROM instance AS i {_LISTED}"
            f" WHERE i.key IN ({these}) ORDER BY i.created DESC, i.id DESC"
        )
        found = [each for line in lines if (each := _recorded(reader, workflow, line)) is not None]
        matches = query.matcher(now, MatchContext((), {each.row.id: each.fields for each in found}))
        yield [each for each in found if matches(each.row)]


def _recorded(reader: RecordReader, workflow: str, line: Sequence[Any]) -> RecordedInstance | None:
    """Rebuilds an instance from its index line, or from its kept answer; None without contents."""
    row, at, fields = line[:10], 0.0, None
    if len(line) > 10 and line[10] is not None:
        at, fields = float(line[10]), fields_of(line[11], line[12:])
    if fields is None:
        kept = reader.detail(workflow, row[0], float("inf"))
        if kept is None or not tells_contents(kept):
            return None
        at, fields = kept.at, read_fields(read_detail(workflow, row[0], kept.result))
    # As it was listed last; of one that never was, what it said of itself.
    listed = reader.row_of(row) if row[1] is not None else None
    instance = listed or Instance(str(row[0]), fields.status, created=row[9])
    if not is_final(instance.status):
        instance.seen = at
    return RecordedInstance(instance, at, fields)
