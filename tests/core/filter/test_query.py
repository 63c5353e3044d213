"""The filter language: reading, writing back, matching as a plain reading of it would, and its errors."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wfdash.core.filter.completion import complete, completed, found_values, unfinished
from wfdash.core.filter.detail_fields import BLOCKS, DetailFields
from wfdash.core.filter.fields import FIELDS, MatchContext
from wfdash.core.filter.grammar import And, Node, Not, Or, QueryError, Term, unparse
from wfdash.core.filter.query import EVERYTHING, Query, parse
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import STATUSES
from wfdash.core.text.durations import parse_duration

NOW = 1_700_000_000.0
DURATIONS = st.sampled_from(["30s", "10m", "1h30m", "2d", "1.5h"])
TIMES = st.one_of(DURATIONS, st.sampled_from(["2023-11-14", "2023-11-14T10:00", "2023-11-14T22:10:00Z"]))
TEXTS = st.text(st.sampled_from('abAB1-_ "\\(),:~><|é'), min_size=1, max_size=6)
WORDS = st.one_of(TEXTS, st.sampled_from(["or", "marked", "order", "-x", "status:errored", "OR"]))


def term(field: str, op: str, values: st.SearchStrategy[str], most: int = 1) -> st.SearchStrategy[Term]:
    return st.lists(values, min_size=1, max_size=most).map(lambda these: Term(field, op, tuple(these)))


TERMS = st.one_of(
    WORDS.map(lambda word: Term("", ":", (word,))),
    st.just(Term("marked", ":", ())),
    term("status", ":", st.sampled_from([*STATUSES, "ERRORED", "odd one"]), 3),
    term("trigger", ":", st.sampled_from(["api", "cron", "Event"]), 2),
    term("version", ":", st.sampled_from(["ab", "AB12", "c"]), 2),
    term("step", "~", TEXTS, 2),
    term("error", "~", TEXTS, 2),
    term("blocked", ":", st.sampled_from(BLOCKS), 2),
    term("ended", ":", st.sampled_from(["11m", "1970-01-01..2023-11-14T22:10:00Z", "2h..1h"])),
    *(term(field, op, DURATIONS) for field in ("age", "dur", "changed") for op in (">", "<", ">=", "<=")),
    *(term(field, ":", TIMES) for field in ("since", "before")),
)
NODES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=4).map(lambda nodes: And(tuple(nodes))),
        st.lists(inner, min_size=2, max_size=4).map(lambda nodes: Or(tuple(nodes))),
    ),
    max_leaves=8,
)
MOMENTS = st.one_of(
    st.none(), st.sampled_from([0.0, 30.0, 600.0, 5400.0, 86400.0, 172800.0]).map(NOW.__sub__)
)
ROWS = st.builds(
    Instance,
    st.sampled_from(["order-1", "aB(1", "marked", "-x", "or"]),
    st.sampled_from([*STATUSES, "", "odd one"]),
    MOMENTS,
    MOMENTS,
    MOMENTS,
    MOMENTS,
    st.sampled_from(["", "ab12", "c0"]),
    st.sampled_from(["", "api", "cron"]),
)
FACTS = st.builds(
    MatchContext,
    st.sets(st.sampled_from(["order-1", "or"])),
    st.dictionaries(
        st.sampled_from(["order-1", "marked", "-x"]),
        st.builds(
            DetailFields,
            st.sampled_from([(), ("a-1", "b-1")]),
            st.sampled_from(["", "ab: 1"]),
            st.sampled_from(["", *BLOCKS, "event step", "sleep retry"]),
        ),
    ),
)


def naive(node: Node, row: Instance, context: MatchContext) -> bool | None:
    """A plain reading of the tree; None is "not known"."""
    if isinstance(node, Not):
        inner = naive(node.node, row, context)
        return None if inner is None else not inner
    if isinstance(node, And | Or):
        answers = [naive(each, row, context) for each in node.nodes]
        decisive = isinstance(node, Or)
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive
    return naive_term(node, row, context)


def naive_term(node: Term, row: Instance, context: MatchContext) -> bool | None:
    low = [value.lower() for value in node.values]
    if node.field == "":
        return low[0] in row.id.lower()
    if node.field == "marked":
        return row.id in context.marks
    if node.field in ("status", "trigger"):
        return getattr(row, node.field).lower() in low
    if node.field == "version":
        return any(row.version.lower().startswith(value) for value in low)
    if node.field in ("step", "error", "blocked"):
        return naive_detail(node.field, low, context.details.get(row.id))
    return naive_time(node, row)


def naive_detail(field: str, low: list[str], read: DetailFields | None) -> bool | None:
    if read is None:
        return None
    if field == "blocked":
        return not set(low).isdisjoint(read.blocked.split())
    texts = read.steps if field == "step" else [read.error]
    return any(value in text for text in texts for value in low)


def naive_time(node: Term, row: Instance) -> bool | None:
    value = node.values[0]
    if node.field == "ended":
        if row.ended is None or row.status not in ("complete", "errored", "terminated"):
            return None
        spans = {"11m": (660, 0), "2h..1h": (7200, 3600), "1h..2h": (3600, 7200)}
        longest, shortest = spans.get(value, (NOW, NOW - 1_699_999_800.0))
        return NOW - longest <= row.ended and (value == "11m" or row.ended < NOW - shortest)
    span = parse_duration(value)
    if node.field in ("since", "before"):
        fixed = {
            "2023-11-14": 1_699_920_000.0,
            "2023-11-14T10:00": 1_699_956_000.0,
            "2023-11-14T22:10:00Z": 1_699_999_800.0,
        }
        limit = fixed[value] if span is None else NOW - span
        if row.created is None:
            return None
        return row.created >= limit if node.field == "since" else row.created < limit
    if node.field == "dur":
        final = row.status in ("complete", "errored", "terminated")
        runs_untold = row.started is None and not final and row.status != "queued"
        start = row.created if runs_untold else row.started
        end = row.ended if final else NOW
        took = None if start is None or end is None else end - start
        # One that ended before it started lasted no known time: less than nothing is no duration.
        took = None if final and took is not None and took < 0 else took
    else:
        moment = row.created if node.field == "age" else row.modified
        took = None if moment is None else NOW - moment
    if took is None:
        return None
    return {">": took > span, "<": took < span, ">=": took >= span, "<=": took <= span}[node.op]


ENDED_EARLY = Instance("order-1", "errored", NOW - 700, NOW - 5, NOW - 600, NOW - 630)


@given(NODES, ROWS, FACTS)
@example(Not(And((Term("", ":", ("1",)), Term("dur", ">", ("30s",))))), ENDED_EARLY, MatchContext())
@example(Term("dur", "<", ("30s",)), ENDED_EARLY, MatchContext())
def test_a_row_matches_as_a_plain_reading_says(node, row, context):
    query = Query("", node)
    assert query.match(row, NOW, context) is (naive(node, row, context) is True)


@given(NODES)
def test_what_is_written_reads_back_as_the_same_tree(node):
    text = unparse(node)
    again = parse(text)
    assert unparse(again.node) == text
    row = Instance("order-1", "errored", NOW - 700, NOW - 5, NOW - 600, None, "ab12", "api")
    context = MatchContext(marks={"order-1"}, details={"order-1": DetailFields(("a-1",), "ab: 1", "event")})
    assert again.match(row, NOW, context) is Query("", node).match(row, NOW, context)


@given(NODES.filter(lambda node: not isinstance(node, And) or node.nodes))
def test_reading_what_was_read_is_stable(node):
    query = parse(unparse(node))
    assert parse(str(query)) == query


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text):
    query, wrong = None, None
    try:
        query = parse(text)
    except QueryError as refused:
        wrong = refused
    if query is not None:
        assert parse(str(query)) == query
    else:
        assert 0 <= wrong.position <= len(text)
        assert wrong.pointed()[0] == wrong.sentence


@given(NODES, ROWS, FACTS)
def test_pushdown_never_leaves_out_a_match(node, row, context):
    query = Query("", node)
    pushed = query.pushdown(NOW)
    if not query.match(row, NOW, context):
        return
    assert pushed.status in ("", row.status)
    if row.created is not None:
        assert pushed.date_start is None or row.created >= pushed.date_start
        assert pushed.date_end is None or row.created <= pushed.date_end


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("foo:bar", 0, "there is no field foo"),
        ("foo-bar:x", 0, "there is no field foo-bar"),
        ("x1:y", 0, "there is no field x1"),
        ("größe:y", 0, "there is no field größe"),
        ("status=errored", 6, "write status:, not status="),
        ("order sttus:errored", 6, "did you mean status?"),
        ("status:", 7, "needs a value"),
        ("status:a,", 9, "needs a value"),
        ("age:10m", 3, "write age>, not age:"),
        ("age>ten", 4, "not a duration"),
        ("since:yesterday", 6, "not a time"),
        ("since:1h,2h", 9, "one value"),
        ("ended:2026-11-02..2026-11-01", 6, "it ends before it begins"),
        ("ended:1h..2h", 6, "it ends before it begins"),
        ("marked:yes", 0, "write marked alone"),
        ("blocked:sleep,approve", 14, "write event, sleep, retry, step, queue, pause or rollback; step~"),
        ("a params.:x", 2, "a place in params is names with dots between, such as params.order.id:7"),
        ("output.$id~7", 0, "such as output.order.id~7"),
        ("(status:errored", 0, "never closed"),
        ("a)", 1, "closes nothing"),
        ("a ()", 2, "nothing in these parentheses"),
        ("a or", 2, "missing after or"),
        ("a or )", 2, "missing after or"),
        ("a -", 2, "missing after -"),
        ('error~"card', 6, "never closed"),
        ('""', 0, "nothing between"),
        ("(" * 60, 50, "too deeply"),
        ("x" * 2001, 2000, "at most 2000"),
    ],
)
def test_errors_point_at_what_is_wrong(text, position, words):
    with pytest.raises(QueryError, match=words.replace("(", r"\(").replace("?", r"\?")) as caught:
        parse(text)
    assert caught.value.position == position


def test_the_caret_stands_under_the_fault():
    with pytest.raises(QueryError) as caught:
        parse("order age>x")
    assert caught.value.pointed() == (
        "not a duration; write 90s, 10m, 1h30m or 2d",
        "  order age>x",
        "            ^",
    )


def test_words_that_only_look_like_the_grammar():
    assert parse("*/30").match(Instance("*/30 * * * *-1786001400000"), NOW)
    assert parse('"or"') == parse("or")
    assert parse("12:30").node == Term("", ":", ("12:30",))
    assert parse("  ") == EVERYTHING
    assert not parse("")


def test_what_goes_to_the_api():
    pushed = parse("status:ERRORED since:2h error~timeout order").pushdown(NOW)
    assert (pushed.status, pushed.date_start, pushed.date_end) == ("errored", NOW - 7200, None)
    assert pushed.words == "status, since"
    assert pushed.here == "error, id"
    assert parse("status:errored,paused").pushdown(NOW).status == ""
    assert parse("status:novel").pushdown(NOW).status == ""
    assert parse("status:errored or order").pushdown(NOW).status == ""
    assert parse("status:errored").pushdown(NOW, local=True).status == ""
    none = parse("since:1h before:2h").pushdown(NOW)
    assert none.date_end is None or none.date_end >= none.date_start
    ever = parse("since:0001-01-01 age<999999999w").pushdown(NOW)
    assert (ever.date_start, ever.date_end) == (None, None)
    assert parse("age>999999999w").pushdown(NOW).date_end == 0.0
    aged = parse("age>10m age<1h").pushdown(NOW)
    assert (aged.date_start, aged.date_end) == (NOW - 3600, NOW - 600)


@pytest.mark.parametrize("span", ["2026-11-01..1h", "1h..2026-11-01"])
def test_span_of_a_date_and_an_age_is_not_judged(span):
    """Which of the two is earlier another moment decides."""
    assert str(parse(f"ended:{span}")) == f"ended:{span}"


def test_what_a_query_knows_of_itself():
    assert parse("step~charge or order").needs_details
    assert not parse("order").needs_details
    assert parse("marked").needs_marks
    assert parse("since:2h").moves
    assert not parse("since:2026-11-20").moves
    assert parse("status:errored,Novel a").statuses == {"errored", "Novel"}
    assert parse("-status:errored").statuses is None


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("order status:", "order "),
        ("order -status:err", "order "),
        ("status:errored,", "status:errored"),
        ("status:errored,pau", "status:errored"),
        ("(a or trigger:cr", "(a or "),
        ("age>3", ""),
        ("since:2026-1", ""),
        ("version:", ""),
        ("status:waiting", None),
        ("status:errord", None),
        ("version:cc", None),
        ("since:2026-11-20", None),
        ("age:1", None),
        ("stat", None),
        ("sttus:", None),
        ("order", None),
        ("", None),
    ],
)
def test_a_term_that_is_only_begun_is_left_out(typed, left):
    assert unfinished(typed) == left


def test_what_ended_then_is_found_by_its_end_alone():
    early = Instance("order-1", "errored", NOW - 9000, NOW - 700, NOW - 9000, NOW - 700)
    assert parse("ended:15m").match(early, NOW)
    assert parse("ended:15m").moves
    assert not parse("ended:10m").match(early, NOW)
    assert parse("ended:20m..10m").match(early, NOW)
    assert not parse("ended:10m..5m").match(early, NOW)
    with pytest.raises(QueryError, match="not a time; write 2h"):
        parse("ended:10m..soon")


def test_a_status_nobody_knows_is_doubted():
    assert parse("a status:errored,waitng").doubt.startswith(
        "no status waitng is known; did you mean waiting?"
    )
    assert "there are queued" in parse("status:zzz").doubt
    assert parse("status:ERRORED waitng").doubt == ""


def test_values_are_offered_from_what_is_loaded_and_read():
    rows = [Instance("a", version="cc" * 8), Instance("b", version="dd" * 8), Instance("c", version="dd" * 8)]
    read = [DetailFields(("charge card-1", "charge card-2"), "timeouterror: x", "step"), DetailFields()]

    def is_field(field):
        return found_values(field, rows, read)

    assert complete("version:", 8, is_field) == ["version:dddddddd", "version:cccccccc"]
    assert complete("step~ch", 7, is_field) == ['step~"charge card"']
    assert complete("error~", 6, is_field) == ["error~timeouterror"]
    assert parse('step~"charge card"').node.values == ("charge card",)


def test_completion():
    def words(text: str) -> list[str]:
        return complete(text, len(text))

    assert words("sta") == ["status:"]
    assert words("-STATUS:err") == ["-STATUS:errored"]
    assert "status:errored,paused" in words("order status:errored,pa")
    assert words("b") == ["before:", "blocked:", "batch:"]
    assert words("m") == ["marked"]
    assert words("") == []
    assert words("status:errored") == []
    assert completed("order (sta x", 10, "status:") == ("order (status: x", 14)


@given(st.text(st.sampled_from("statuserrored:,-( \"'>~agb"), max_size=14), st.integers(0, 14))
def test_completion_never_breaks_what_is_typed(text, position):
    position = min(position, len(text))
    for word in complete(text, position):
        after, cursor = completed(text, position, word)
        assert after[cursor:] == text[position:]
        assert after[:cursor].endswith(word)


def test_every_field_says_what_it_is_for():
    assert all(field.help and field.ops for field in FIELDS.values())


def test_a_query_of_a_thousand_words_can_be_matched():
    query = parse(" or ".join("x" * 1 for _ in range(390)) + " or order")
    assert query.match(Instance("order-1"), NOW)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("params~a", "params~ab", True),
        ("status:errored params~a", "status:errored any~b", True),
        ("-params~a or order", "-error~b or order", True),
        ("params~a", "params~a order", False),
        ("status:errored params~a", "status:queued params~a", False),
        ("blocked:event", "params~a", False),
        ("blocked:event", "blocked:sleep", False),
    ],
)
def test_letters_of_a_searched_text_ask_for_the_same_rows(first, second, same):
    assert parse(first).has_rows_of(parse(second)) is same


@given(st.one_of(TERMS, NODES), st.one_of(TERMS, NODES), ROWS)
def test_a_narrower_filter_matches_nothing_else(node, other, row):
    first, second = Query("", node), Query("", other)
    if first.narrows(second) and first.match(row, NOW):
        assert second.match(row, NOW)


@pytest.mark.parametrize(
    ("first", "second", "narrower"),
    [
        ("params~cus_47", "params~cus_4", True),
        ("params~CUS_47 order", "params~cus_4 order", True),
        ("params~cus_47 order", "params~cus_4", True),
        ("order-12 status:errored", "order-1 status:errored", True),
        ("status:errored", "status:error", False),
        ("params~cus_4", "params~cus_47", False),
        ("params~cus_47", "any~cus_4", False),
        ("-params~cus_47", "-params~cus_4", False),
        ("params~cus_47 or order", "params~cus_4 or order", False),
        ("params~a1,b1", "params~1", True),
        ("params~a1", "params~1,2", False),
        ("params.order.id:47", "params.order.id:4", False),
    ],
)
def test_one_more_letter_narrows_a_filter(first, second, narrower):
    assert parse(first).narrows(parse(second)) is narrower
