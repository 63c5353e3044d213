"""The fields a filter knows: which operators and values each takes, and the test each makes of a row."""

import json
import operator
import re
from collections.abc import Callable, Container, Mapping
from difflib import get_close_matches
from math import inf

from msgspec import Struct, field

from wfdash.core.filter.contents import Contents, texts_at
from wfdash.core.filter.detail_fields import BLOCKS, ODDITIES, UNRECORDED, DetailFields
from wfdash.core.filter.grammar import QueryError, Term
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import STATUSES, is_final
from wfdash.core.model.times import parse_time
from wfdash.core.text.durations import parse_duration

__all__ = [
    "FIELDS",
    "PLAIN",
    "FilterField",
    "MatchContext",
    "Test",
    "check",
    "compile_term",
    "doubtful",
    "field_of",
    "instant",
    "spellings",
    "unknown_status",
]

Test = Callable[[Instance], bool]
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


class MatchContext(Struct, frozen=True):
    """What a filter asks beside the row: marks, details that were read, batches of the journal."""

    marks: Container[str] = frozenset()
    details: Mapping[str, DetailFields] | None = field(default_factory=dict)
    """By id, of the instances that were read. None: whatever only they can tell is taken to match."""
    batches: Mapping[str, Container[str]] = field(default_factory=dict)
    """By their names, the ids that batches of the journal acted on; one not there was not read yet."""


_ORDER = (">", "<", ">=", "<=")
PLAIN = re.compile(r"[\w-]+", re.ASCII)
"""A text that JSON writes in one way only."""
_WITH_PATHS = ("params", "output")
_AS_JSON = ("params", "output", "any")
_PATH_OPS = (":", "~")


class FilterField(Struct, frozen=True):
    """A field with the operators that it takes.

    `values` are offered for completion, and others are taken too.
    """

    name: str
    ops: tuple[str, ...]
    help: str
    values: tuple[str, ...] = ()
    details: bool = False
    """Only an instance that was read can tell; one that was not matches neither the term nor its contrary."""

    @property
    def takes_time(self) -> bool:
        """Whether the field's value is a duration or a time."""
        return self.ops is _ORDER or self.name in ("since", "before", "ended")


_WORDS = ("status", "trigger", "version", "blocked", "odd")
"""Fields whose values never begin with a sign: who writes one means the contrary."""
STATUS_GROUPS = {"active": False, "final": True}
"""Words for several statuses, and whether those are final."""
FIELDS = {
    field.name: field
    for field in (
        FilterField(
            "status", (":",), "one of these statuses, or active, or final", (*STATUSES, *STATUS_GROUPS)
        ),
        FilterField("age", _ORDER, "time since it was created", ("10m", "1h", "1d")),
        FilterField("since", (":",), "created since then", ("15m", "2h", "1d")),
        FilterField("before", (":",), "created before then", ("15m", "2h", "1d")),
        FilterField("ended", (":",), "ended since then, or from FROM to TO: FROM..TO", ("15m", "2h", "1d")),
        FilterField("dur", _ORDER, "time from its start to its end, or to now", ("1m", "5m", "1h")),
        FilterField("changed", _ORDER, "time since it last changed", ("1m", "10m")),
        FilterField("trigger", (":",), "what started it", ("api", "binding", "cron", "event", "unknown")),
        FilterField("version", (":",), "a version id beginning with this"),
        FilterField(
            "step", ("~",), "its open or failed step, or its event, has this in the name", details=True
        ),
        FilterField("error", ("~",), "its error has this in its name or message", details=True),
        FilterField("blocked", (":",), "what it waits for", BLOCKS, details=True),
        FilterField("batch", (":",), "acted on by this batch of the journal, or the last of many", ("last",)),
        FilterField("odd", (":",), "what went wrong besides its error", ODDITIES, details=True),
        FilterField("params", ("~",), "its params hold this; params.order.id:7 one value", details=True),
        FilterField("output", ("~",), "its output holds this; output.charge:ch_1 one value", details=True),
        FilterField("any", ("~",), "its params, an output or its error hold this", details=True),
    )
}


def instant(text: str, now: float) -> float | None:
    """A date, a UTC datetime, or a duration before `now`, in epoch seconds."""
    ago = parse_duration(text)
    return parse_time(text) if ago is None else now - ago


def span_of(text: str, now: float) -> tuple[float, float] | None:
    """From when to when `FROM..TO` is, or what is one time: from then on; epoch seconds."""
    first, dots, last = text.partition("..")
    start, end = instant(first, now), instant(last, now) if dots else inf
    return None if start is None or end is None else (start, end)


def _is_backwards(text: str) -> bool:
    """Whether it ends before it begins, whenever that is asked: `2h` alone is another time each moment."""
    spans = [span_of(text, now) for now in (0.0, 1e10)]
    return all(span is not None and span[0] > span[1] for span in spans)


def field_of(name: str) -> FilterField | None:
    """The field of that name, None for none.

    `params.order.id` is a path in the params, and gives `params`.
    """
    head, dot, _ = name.partition(".")
    return FIELDS.get(head) if not dot or head in _WITH_PATHS else None


def check(term: Term, position: int, positions: tuple[int, ...]) -> None:
    """Raises QueryError for an unknown field, an operator it does not take, or a value it cannot read."""
    field = field_of(term.field)
    if field is None:
        raise QueryError(_no_field(term.field), position)
    after = position + len(term.field)
    if "." in term.field:
        if term.op not in _PATH_OPS:
            raise QueryError(
                f"write {term.field}: for all of the value, {term.field}~ for a part of it", after
            )
    elif term.op not in field.ops:
        raise QueryError(f"write {field.name}{field.ops[0]}, not {field.name}{term.op}", after)
    for value, at in zip(term.values, positions, strict=True):
        if not value:
            raise QueryError(f"{field.name}{term.op} needs a value: {field.help}", at)
        if field.name in _WORDS and value[0] in "!-":
            raise QueryError(f"write -{field.name}:{value.lstrip('!=-')} for what does not match", at)
        if field.ops is _ORDER and parse_duration(value) is None:
            raise QueryError("not a duration; write 90s, 10m, 1h30m or 2d", at)
        if field.name == "blocked" and value.lower() not in BLOCKS:
            raise QueryError(f"write {', '.join(BLOCKS[:-1])} or {BLOCKS[-1]}; step~ takes a name", at)
        if field.name == "odd" and value.lower() not in ODDITIES:
            raise QueryError(f"write {' or '.join(ODDITIES)}", at)
        if field.name in ("since", "before") and instant(value, 0.0) is None:
            raise QueryError("not a time; write 2h, 2026-11-20 or 2026-11-20T10:00", at)
        if field.name == "ended" and _is_backwards(value):
            raise QueryError("it ends before it begins; write the earlier time first", at)
        if field.name == "ended" and span_of(value, 0.0) is None:
            raise QueryError("not a time; write 2h, 2026-11-20 or 2026-11-20T10:00..2026-11-20T10:05", at)
    if len(term.values) > 1 and field.takes_time:
        raise QueryError(f"{field.name} takes one value", positions[1])


def _no_field(name: str) -> str:
    if name.lower() == "marked":  # it takes no value, and stands without a colon
        return "write marked alone, or -marked for what is not"
    near = get_close_matches(name, [*FIELDS, "marked"], n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(FIELDS)} and marked"
    return f"there is no field {name}; {hint}"


def unknown_status(term: Term) -> str:
    """The first status of it that nobody knows; "" for none. Such a one matches rows all the same."""
    if term.field != "status":
        return ""
    there_are = {*map(str.lower, STATUSES), *STATUS_GROUPS}
    return next((value for value in term.values if value.lower() not in there_are), "")


def doubtful(term: Term) -> str:
    """Names the status likely meant by an unknown one, and all there are; "" where each is known."""
    if not (value := unknown_status(term)):
        return ""
    spelled = {status.lower(): status for status in STATUSES}
    near = get_close_matches(value.lower(), spelled, n=1, cutoff=0.5)
    meant = f"did you mean {spelled[near[0]]}? " if near else ""
    return f"no status {value} is known; {meant}there are {', '.join(STATUSES)}"


def compile_term(term: Term, *, wanted: bool, now: float, context: MatchContext) -> Test:
    """A test that is true of rows that match the term, or, with `wanted` False, that surely do not."""
    if not term.field:
        return _id_test(term.values[0], wanted)
    if term.field == "marked":
        marks = context.marks
        return (lambda row: row.id in marks) if wanted else (lambda row: row.id not in marks)
    if (field := field_of(term.field)) is not None and field.details:
        # Not read yet: whatever may match is kept, so that it is read, and judged then.
        if context.details is None:
            return _moves if term.field == "blocked" and wanted else _anything
        return _detail_test(term, wanted, context.details)
    if term.field == "status":
        return _status_test(term.values, wanted)
    if term.field == "trigger":
        among = frozenset(value.lower() for value in term.values)
        return lambda row: (row.trigger.lower() in among) is wanted
    if term.field == "version":
        beginnings = tuple(value.lower() for value in term.values)
        return lambda row: row.version.lower().startswith(beginnings) is wanted
    if term.field == "batch":
        return _batch_test(term.values, wanted, context)
    return _time_test(term, wanted, now)


def _batch_test(names: tuple[str, ...], wanted: bool, context: MatchContext) -> Test:
    """Tests whether a batch acted on a row.

    Looked up at each row, for the journal is read after the filter is set.
    """
    batches = context.batches
    if context.details is None and not batches:
        return _anything

    def tells(row: Instance) -> bool:
        found = [batch for name in names if (batch := batches.get(name)) is not None]
        return bool(found) and any(row.id in batch for batch in found) is wanted

    return tells


def _anything(row: Instance) -> bool:
    return True


def _moves(row: Instance) -> bool:
    """Whether a row can still wait for something: what has ended does not."""
    return not is_final(row.status)


def _id_test(word: str, wanted: bool) -> Test:
    # A word of digits has no case: at 100,000 rows no id need be lowered for it.
    if word.lower() == word.upper():
        return (lambda row: word in row.id) if wanted else (lambda row: word not in row.id)
    low = word.lower()
    return (lambda row: low in row.id.lower()) if wanted else (lambda row: low not in row.id.lower())


def _status_test(values: tuple[str, ...], wanted: bool) -> Test:
    low = frozenset(value.lower() for value in values)
    if groups := low & STATUS_GROUPS.keys():
        kinds = [STATUS_GROUPS[name] for name in groups]
        return lambda row: (row.status.lower() in low or is_final(row.status) in kinds) is wanted
    # Statuses that are known are compared as they are; a new one of the API's, whatever its case.
    statuses = frozenset(status for status in STATUSES if status.lower() in low)
    if len(statuses) == len(low):
        return (lambda row: row.status in statuses) if wanted else (lambda row: row.status not in statuses)
    return lambda row: (row.status.lower() in low) is wanted


def _time_test(term: Term, wanted: bool, now: float) -> Test:
    """Tests a time or a duration; a row that lacks it matches neither the term nor its contrary."""
    value = term.values[0]
    if term.field in ("since", "before"):
        limit = instant(value, now) or 0.0
        if (term.field == "since") is wanted:
            return lambda row: row.created is not None and row.created >= limit
        return lambda row: row.created is not None and row.created < limit
    if term.field == "ended":
        start, end = span_of(value, now) or (0.0, inf)
        return lambda row: (
            is_final(row.status) and row.ended is not None and (start <= row.ended < end) is wanted
        )
    compare = _COMPARE[term.op]
    span = parse_duration(value) or 0.0
    if term.field == "age":
        return lambda row: row.created is not None and compare(now - row.created, span) is wanted
    if term.field == "changed":
        return lambda row: row.modified is not None and compare(now - row.modified, span) is wanted

    def ran(row: Instance) -> bool:
        took = row.lasted(now)
        return took is not None and compare(took, span) is wanted

    return ran


_TEXT: Mapping[str, Callable[[DetailFields], str]] = {
    "error": operator.attrgetter("error"),
    "params": operator.attrgetter("contents.params"),
    "output": operator.attrgetter("contents.output"),
}


def _path_test(term: Term, low: tuple[str, ...]) -> Callable[[Contents], bool]:
    head, _, path = term.field.partition(".")
    plain = all(map(PLAIN.fullmatch, low))
    wanted = tuple(map(_as_value, low)) if term.op == ":" else low

    in_params, only = head == "params", wanted[0] if len(wanted) == 1 else ""

    def tells(contents: Contents) -> bool:
        text = contents.params if in_params else contents.output
        # Of 20,000 texts the few are parsed in which it stands at all, as far as JSON writes it in one way.
        if plain and not (only in text if only else any(value in text for value in wanted)):
            return False
        found = list(texts_at(text, path))
        if term.op == ":":
            return any(value == text for value in low for text in found)
        return any(value in text for value in low for text in found)

    return tells


def _as_value(text: str) -> str:
    """How JSON writes a whole value that reads so.

    Without quotes, half of `cus_0047` would match every text.
    """
    try:
        json.loads(text)
    except ValueError:
        return f'"{text}"'
    return text  # a number, which may stand in quotes or without


def _detail_test(term: Term, wanted: bool, details: Mapping[str, DetailFields]) -> Test:
    """Tests what only an instance that was read tells.

    The field is looked up once: rows are many, at each key.
    """
    tells, find = _fields_test(term), details.get
    if wanted:
        return lambda row: (read := find(row.id)) is not None and tells(read)
    # Where a record left out what is asked for nobody knows whether it is in there: it matches neither way.
    texts = frozenset(UNRECORDED.get(term.field.partition(".")[0], ()))
    return lambda row: (
        (read := find(row.id)) is not None and texts.isdisjoint(read.unrecorded) and not tells(read)
    )


def spellings(term: Term) -> tuple[str, ...]:
    """The texts of which one has to stand there: as they were typed, and as JSON writes them."""
    low = tuple(value.lower() for value in term.values)
    if term.field not in _AS_JSON:
        return low
    # Whoever looks for C:\data or a line break knows the value, not its escapes; both are found.
    written = (json.dumps(value, ensure_ascii=False)[1:-1] for value in low if not PLAIN.fullmatch(value))
    return tuple(dict.fromkeys((*low, *written)))


def _fields_test(term: Term) -> Callable[[DetailFields], bool]:
    low = spellings(term)
    if "." in term.field:
        at_path = _path_test(term, low)
        return lambda read: at_path(read.contents)
    if term.field == "blocked":
        return lambda read: any(block in low for block in read.blocked.split())
    if term.field == "odd":
        return lambda read: any(odd in low for odd in read.odd.split())
    if len(low) > 1:
        tests = [_text_test(term.field, value) for value in low]
        return lambda read: any(test(read) for test in tests)
    return _text_test(term.field, low[0])


def _text_test(field: str, value: str) -> Callable[[DetailFields], bool]:
    """Tests whether a field's text holds the value.

    It runs on every read instance at each key, so it calls little.
    """
    if field == "step":
        return lambda read: any(value in name for name in read.steps)
    if field == "any":
        return lambda read: (
            value in (contents := read.contents).params
            or value in contents.output
            or value in contents.steps
            or value in read.error
        )
    text = _TEXT[field]
    return lambda read: value in text(read)
