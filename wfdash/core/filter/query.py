"""The filter language: read it, match rows with it, and say what of it the API can do itself."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from wfdash.core.filter.detail_fields import UNRECORDED
from wfdash.core.filter.fields import (
    STATUS_GROUPS,
    MatchContext,
    Test,
    check,
    compile_term,
    doubtful,
    field_of,
    instant,
    unknown_status,
)
from wfdash.core.filter.grammar import And, Node, Not, Term, parse_tree, unparse
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import STATUSES, is_final
from wfdash.core.text.durations import parse_duration

__all__ = ["EVERYTHING", "Pushdown", "Query", "parse"]

_NO_CONTEXT = MatchContext()
_NAMES = 3
"""Letters from which a bare word may be meant for one instance."""
NO_BATCHES: Mapping[str, Container[str]] = {}
_MOVING = ("age", "dur", "changed")


class Pushdown(Struct, frozen=True):
    """What a list request can ask for; it never leaves out a row that matches. "" and None: nothing."""

    status: str = ""
    """One status the API knows."""
    date_start: float | None = None
    date_end: float | None = None
    words: str = ""
    """The fields that go to the API: `status, since`."""
    here: str = ""
    """The fields that are applied here."""


class Query:
    """One filter. Cheap to match with; equal when it means the same tree."""

    __slots__ = ("_compiled", "_terms", "node", "text")

    def __init__(self, text: str, node: Node) -> None:
        self.text = text
        """As it was typed."""
        self.node = node
        self._terms = tuple(_terms(node))
        self._compiled: tuple[float, MatchContext, Test] | None = None

    def __str__(self) -> str:
        return unparse(self.node)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and self.node == other.node

    def __hash__(self) -> int:
        return hash(self.node)

    def __bool__(self) -> bool:
        """Whether it limits anything; an empty filter matches everything."""
        return bool(self._terms)

    @property
    def needs_details(self) -> bool:
        """Whether a term of it can only be told from an instance that was read."""
        return any((field := field_of(term.field)) is not None and field.details for term in self._terms)

    @property
    def id_words(self) -> Sequence[str]:
        """The bare words, in lower case, that each match has in its id; none where all of them are short."""
        words = [term.values[0].lower() for term in self.needed if not term.field]
        return words if any(len(word) >= _NAMES for word in words) else ()

    @property
    def seeks(self) -> bool:
        """Whether it is for certain instances, by what they hold or by id: erased ones may be meant too."""
        return self.needs_details or bool(self.id_words)

    def unrecorded(self, left_out: Container[str]) -> str:
        """What it looks through of that which a record left out: `params and outputs`; "" for nothing."""
        fields = [term.field.partition(".")[0] for term in self._terms]
        asked = dict.fromkeys(word for field in fields for word in UNRECORDED.get(field, ()))
        words = [word for word in asked if word in left_out]
        return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))

    def has_rows_of(self, other: "Query") -> bool:
        """Whether they differ at most in what only reading tells, so that the same rows may match."""
        return _of_rows(self.node) == _of_rows(other.node)

    def narrows(self, other: "Query") -> bool:
        """Whether surely all that matches this matches the other too, as one more letter of a text does."""
        terms = tuple(other.needed)
        return len(terms) == len(other._terms) and all(
            any(_implies(mine, term) for mine in self.needed) for term in terms
        )

    @property
    def needed(self) -> Sequence[Term]:
        """The terms that every match fulfils."""
        return tuple(_conjuncts(self.node))

    @property
    def doubt(self) -> str:
        """A sentence on what it names that nobody knows; "" when it names nothing such."""
        return next(filter(None, map(doubtful, self._terms)), "")

    @property
    def unknown_status(self) -> str:
        """The first status it names that nobody knows; "" for none."""
        return next(filter(None, map(unknown_status, self._terms)), "")

    @property
    def needs_marks(self) -> bool:
        return any(term.field == "marked" for term in self._terms)

    @property
    def batches(self) -> frozenset[str]:
        """The names of the journal's batches that it asks for."""
        return frozenset(name for term in self._terms if term.field == "batch" for name in term.values)

    @property
    def chooses_outcomes(self) -> bool:
        """Whether it lets what completed pass and not what failed, or the reverse: then there is no rate."""
        for term in self._terms:
            if term.field == "status":
                named = {status for value in term.values for status in _spelled(value)}
                if ("complete" in named) != ("errored" in named):
                    return True
        return False

    @property
    def looks_for_ends(self) -> bool:
        """Whether it is about when instances ended, which the list cannot be asked for."""
        return any(term.field == "ended" for term in self._terms)

    @property
    def moves(self) -> bool:
        """Whether rows may begin or cease to match by the mere passing of time."""
        return any(
            term.field in _MOVING
            or (term.field in ("since", "before") and parse_duration(term.values[0]) is not None)
            or (term.field == "ended" and any(map(parse_duration, term.values[0].split(".."))))
            for term in self._terms
        )

    @property
    def statuses(self) -> frozenset[str] | None:
        """The statuses it allows, in the API's spelling where known; None when it does not limit them."""
        allowed: frozenset[str] | None = None
        for term in _conjuncts(self.node):
            if term.field == "status":
                these = frozenset(status for value in term.values for status in _spelled(value))
                allowed = these if allowed is None else allowed & these
        return allowed

    def match(self, row: Instance, now: float, context: MatchContext | None = None) -> bool:
        """Whether a row matches at `now`. For many rows take `matcher` once."""
        context = context or _NO_CONTEXT
        compiled = self._compiled
        if compiled is None or compiled[0] != now or compiled[1] is not context:
            compiled = self._compiled = (now, context, self.matcher(now, context))
        return compiled[2](row)

    def matcher(self, now: float, context: MatchContext | None = None) -> Callable[[Instance], bool]:
        """Compiles the filter into one function of a row, good for this `now`."""
        return _compile(self.node, True, now, context or _NO_CONTEXT)

    def candidates(
        self,
        now: float,
        marks: Container[str] = (),
        batches: Mapping[str, Container[str]] = NO_BATCHES,
    ) -> Callable[[Instance], bool]:
        """Rows that match as far as a row can tell: the ones worth reading for terms that need it."""
        return _compile(self.node, True, now, MatchContext(marks, None, batches))

    def pushdown(self, now: float, *, local: bool = False) -> Pushdown:
        """What goes to the API: one known status, and the span of creation. A dev session takes no status."""
        status, start, end = "", None, None
        pushed: list[str] = []
        allowed = self.statuses
        if allowed is not None and len(allowed) == 1 and not local and (only := min(allowed)) in STATUSES:
            status = only
            pushed.append("status")
        for term in _conjuncts(self.node):
            low, high = _span(term, now)
            if low is not None:
                start = low if start is None else max(start, low)
            if high is not None:
                end = high if end is None else min(end, high)
            if low is not None or high is not None:
                pushed.append(term.field)
        if start is not None and end is not None and start > end:
            end = None  # The API refuses a span that is none; here nothing matches it.
        names = [term.field or "id" for term in self._terms]
        here = [name for name in names if name not in pushed]
        return Pushdown(status, start, end, _list(pushed), _list(here))


def parse(text: str) -> Query:
    """Reads a filter; raises QueryError with the sentence and the position of what is wrong."""
    return Query(text, parse_tree(text, check))


_SPELLED = {status.lower(): status for status in STATUSES}


def _spelled(value: str) -> Sequence[str]:
    """The statuses that a value names, as the API spells them."""
    final = STATUS_GROUPS.get(value.lower())
    if final is None:
        return (_SPELLED.get(value.lower(), value),)
    return [status for status in STATUSES if is_final(status) is final]


def _compile(node: Node, wanted: bool, now: float, context: MatchContext) -> Test:
    """Compiles a tree to a test. A negation goes down to the terms: what is not known matches neither way."""
    if isinstance(node, Term):
        return compile_term(node, wanted=wanted, now=now, context=context)
    if isinstance(node, Not):
        return _compile(node.node, not wanted, now, context)
    parts = [_compile(part, wanted, now, context) for part in node.nodes]
    return _every(parts) if isinstance(node, And) is wanted else _some(parts)


def _every(parts: list[Test]) -> Test:
    """One test that all parts pass, put together by halves.

    Calls nest only by the logarithm of their number.
    """
    if len(parts) < 2:
        return parts[0] if parts else lambda row: True
    middle = (len(parts) + 1) // 2 if len(parts) > 3 else 1
    first, others = _every(parts[:middle]), _every(parts[middle:])
    return lambda row: first(row) and others(row)


def _some(parts: list[Test]) -> Test:
    if len(parts) < 2:
        return parts[0] if parts else lambda row: False
    middle = (len(parts) + 1) // 2 if len(parts) > 3 else 1
    first, others = _some(parts[:middle]), _some(parts[middle:])
    return lambda row: first(row) or others(row)


def _terms(node: Node) -> Iterator[Term]:
    if isinstance(node, Term):
        yield node
    elif isinstance(node, Not):
        yield from _terms(node.node)
    else:
        for part in node.nodes:
            yield from _terms(part)


def _implies(term: Term, other: Term) -> bool:
    if term == other:
        return True
    # A bare word is looked for in the id.
    if (term.field, term.op) != (other.field, other.op) or (term.op != "~" and term.field):
        return False
    return len(other.values) == 1 and all(other.values[0].lower() in value.lower() for value in term.values)


def _of_rows(node: Node) -> Node:
    """The filter without the values that only an instance that was read can be compared with."""
    if isinstance(node, Term):
        field = field_of(node.field)
        # Of what is blocked no ended row need be read.
        read = field is not None and field.details and field.name != "blocked"
        return Term("any", "~", ()) if read else node
    if isinstance(node, Not):
        return Not(_of_rows(node.node))
    return replace(node, nodes=tuple(map(_of_rows, node.nodes)))


def _conjuncts(node: Node) -> Iterator[Term]:
    """The terms that every match fulfils."""
    if isinstance(node, Term):
        yield node
    elif isinstance(node, And):
        for part in node.nodes:
            yield from _conjuncts(part)


def _span(term: Term, now: float) -> tuple[float | None, float | None]:
    """The earliest and latest creation a term allows, as far as the API can be told: from 1970 on."""
    if term.field in ("since", "before"):
        limit = instant(term.values[0], now)
    elif term.field == "age":
        limit = now - (parse_duration(term.values[0]) or 0.0)
    else:
        return None, None
    if limit is None:
        return None, None
    if term.field == "before" or term.op[0] == ">":
        return None, max(limit, 0.0)
    return (limit if limit > 0 else None), None


def _list(names: list[str]) -> str:
    return ", ".join(dict.fromkeys(names))


EVERYTHING = parse("")
