"""Which instances of a record hold a text: the index names those that going through all of them does."""

import random
from contextlib import closing
from itertools import chain

import pytest

from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.query import parse
from wfdash.core.model.instance import Instance
from wfdash.live.records import contents
from wfdash.live.records.record.file import RecordFile
from wfdash.live.records.record.location import RecordLocation
from wfdash.live.records.record.observations import SawDetail, SawRows
from wfdash.live.records.record.opening import open_record
from wfdash.live.records.record.recorder import Recorder
from wfdash.live.records.search import finding
from wfdash.live.records.search.finding import find_others, named, pages_of
from wfdash.live.records.search.recall import RecordRecall

AT = 1_795_000_000.0
TEXTS = [
    'a" OR "b', "NEAR(x y, 3)", "x* AND -y", "%_%", "é\u202eü", "İstanbul", "straße", "a\0bcd", "^col : c",
    "{}", "𝔘𝔫𝔦", "line\nbreak", "tab\tand'quote", "4711", "47", "ORDER_4711", "cus-0004711-x", "y" * 5000,
    "c:\\data",
]  # fmt: skip


def answer(number):
    text = TEXTS[number % len(TEXTS)]
    steps = [
        {"type": "step", "name": f"charge {text[:40]}-1", "start": "2026-11-18T11:00:00.000Z", "output": text}
    ]
    return {
        "status": "errored" if number % 3 else "complete",
        "params": {"text": text, "n": number, "order": {"id": number * 7919 % 100_003}},
        "output": f"{text}|{number}",
        "error": {"name": "PaymentError", "message": f"{text} declined"} if number % 3 else None,
        "steps": steps,
    }


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A record of 720 instances; two that were only listed or read without payloads hold nothing."""
    path = tmp_path_factory.mktemp("record") / "a.db"
    with closing(RecordFile(path, payloads=False, most_bytes=10**9)) as file:
        file.write(
            [SawDetail(AT, "orders", "redacted", False, answer(13)), SawRows(AT, "orders", [{"id": "row"}])]
        )
    with closing(RecordFile(path, payloads=True, most_bytes=10**9)) as file:
        for start in range(0, 720, 100):
            numbers = range(start, min(start + 100, 720))
            rows = [{"id": f"i{number}", "status": answer(number)["status"]} for number in numbers]
            details = [
                SawDetail(AT + number, "orders", f"i{number}", False, answer(number)) for number in numbers
            ]
            file.write([SawRows(AT, "orders", rows), *details])
    return path


def found_in(reader, query, workflow="orders"):
    indexed = (pages_of(reader, workflow, some, query, AT) for some in named(reader, workflow, query))
    pages = chain(chain.from_iterable(indexed), find_others(reader, workflow, query, AT))
    return [each.row.id for page in pages for each in page]


def quoted(text):
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))


def filters():
    """Of whole texts and of parts of them, in each field, alone and together."""
    chance = random.Random(4711)
    for text in TEXTS:
        start = chance.randrange(len(text))
        part = text[:1500][start : start + chance.randrange(1, 12)] or text[0]
        field = chance.choice(["params", "output", "any", "error", "step"])
        yield f"{field}~{quoted(part)}"
        yield f"any~{quoted(text[:1500])}"
        yield f"params~{quoted(part)} -error~card status:errored"
    yield "params.order.id:15838"
    yield "params.order.id:15838,79190 any~order"
    yield "params.text~4711 output~4711"
    yield "params~4711,nothing,é"
    yield "any~zzzznothing"
    yield "status:errored or params~4711"
    yield "-odd:ran-twice output~4711 or i17"
    yield "odd:ran-twice"
    yield "-odd:ran-twice"


@pytest.mark.parametrize("indexed", [True, False])
def test_exactly_those_are_found(path, indexed):
    with closing(open_record(path)) as reader:
        rows = [Instance(f"i{number}", answer(number)["status"]) for number in range(720)]
        everything = RecordRecall(lambda: reader, at=lambda: AT + 10_000).look("orders", rows)
        assert len(everything) == 720
        reader.has_index = reader.has_index and indexed
        assert reader.has_index is indexed
        for text in list(filters())[:: 1 if indexed else 25]:
            query = parse(text)
            matches = query.matcher(AT, MatchContext((), everything))
            found = found_in(reader, query)
            assert sorted(found) == sorted(row.id for row in rows if matches(row)), text
            assert len(found) == len(set(found))
        assert reader.flaws == []


@pytest.mark.parametrize(("few", "many"), [(2_000, 10_000), (20, 10_000), (20, 20)])
def test_few_and_many_are_named_newest_first(path, monkeypatch, few, many):
    """By the index alone, by its keys and the age, and by the texts and the age."""
    monkeypatch.setattr(finding, "_FEW", few)
    monkeypatch.setattr(finding, "_MANY", many)
    monkeypatch.setattr(finding, "_BLOCK", 50)
    with closing(open_record(path)) as reader:
        rows = [Instance(f"i{number}", answer(number)["status"]) for number in range(720)]
        everything = RecordRecall(lambda: reader, at=lambda: AT + 10_000).look("orders", rows)
        for text in ("any~4711", "any~47", "params~text", "output~7", "params~zzzz", "params~qz"):
            matches = parse(text).matcher(AT, MatchContext((), everything))
            newest = reversed(reader.rows("orders", AT + 10_000, limit=1_000, ascending=True))
            assert found_in(reader, parse(text)) == [
                row.id for row in newest if row.id in everything and matches(row)
            ], text


def test_the_newest_of_many_cost_no_look_at_the_rest(path):
    with closing(open_record(path)) as reader:
        read, ask = [], reader.ask
        reader.ask = lambda *question: read.append(found := ask(*question)) or found
        query = parse("params~e")
        first = next(pages_of(reader, "orders", next(named(reader, "orders", query)), query, AT))
        assert len(first) > 30
        assert max(map(len, read)) <= 200, "of 722"


def test_an_id_that_names_many_is_not_gone_through(path, monkeypatch):
    with closing(open_record(path)) as reader:
        query = parse("i10")
        found = finding.ids_with(reader, "orders", query, AT, 20)
        assert sorted(row.id for row in found) == sorted(["i10", *(f"i10{each}" for each in range(10))])
        assert finding.ids_with(reader, "orders", query, AT, 10) == []
        assert len(finding.ids_with(reader, "orders", parse("i10 -i103 status:errored"), AT, 10)) < 10
        monkeypatch.setattr(finding, "_FEW", 11)
        assert finding.ids_with(reader, "orders", query, AT, 20) == []


def test_a_filter_of_rows_alone_asks_nothing_of_it(path):
    with closing(open_record(path)) as reader:
        assert found_in(reader, parse("status:errored")) == []
        assert found_in(reader, parse("blocked:event")) == [], "what was erased waits for nothing"
        assert found_in(reader, parse("params~4711"), "invoices") == []


def test_what_is_dropped_leaves_the_index_too(tmp_path):
    with closing(RecordFile(tmp_path / "a.db", payloads=True, most_bytes=400_000)) as file:
        for start in range(0, 1200, 50):
            numbers = range(start, start + 50)
            file.write([SawDetail(AT + each, "orders", f"i{each}", False, answer(each)) for each in numbers])
        file.prune(AT + 200)
        file.bound(AT + 1200)
        assert file.size <= 400_000
        kept = {key for (key,) in file.connection.execute("SELECT key FROM instance")}
        assert 0 < len(kept) < 1000
        for table, key in (("contents", "rowid"), ("searched", "instance")):
            assert {found for (found,) in file.connection.execute(f"SELECT {key} FROM {table}")} == kept
        file.connection.execute("INSERT INTO contents (contents) VALUES ('integrity-check')")


def test_without_fts5_it_is_said_and_all_is_gone_through(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "_MODULE", "fts_that_is_not_there")
    said = []
    recorder = Recorder(clock=lambda: AT, report=said.append)
    recorder.start(RecordLocation(tmp_path / "a.db", payloads=True))
    recorder.saw(SawDetail(AT, "orders", "a", False, answer(13)))
    recorder.close()
    assert [sentence for sentence in said if "FTS5" in sentence and "without an index" in sentence]
    with closing(open_record(tmp_path / "a.db")) as reader:
        assert not reader.has_index
        assert found_in(reader, parse("params~4711")) == ["a"]
