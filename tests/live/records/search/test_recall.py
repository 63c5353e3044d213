"""What instances hold, out of the record: what of it is still so, and nothing of what is not."""

import pytest

from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.query import parse
from wfdash.core.model.instance import Instance
from wfdash.live.records.record.file import RecordFile, erase
from wfdash.live.records.record.observations import SawDetail, SawRows
from wfdash.live.records.record.opening import open_record
from wfdash.live.records.search.recall import RecordRecall

AT = 1_795_000_000.0
BEFORE, AFTER = "2026-11-18T11:00:00.000Z", "2026-11-18T12:00:00.000Z"
HOSTILE = ['" OR 1=1 --', "a\0b", "NEAR(x y)", "x* AND -y", "%_%", "é\u202e", "z" * 1_000_000]


def item(identity, status="complete", modified=BEFORE):
    return {
        "id": identity,
        "status": status,
        "created_on": BEFORE,
        "modified_on": modified,
        "ended_on": BEFORE,
    }


def answer(params, status="complete"):
    return {"status": status, "params": params, "output": None, "error": None, "steps": []}


@pytest.fixture
def recalled(tmp_path):
    """`recalled(kept, rows)`: what a record of these answers tells of these rows."""
    recalls = []

    def recall(kept, rows, *, payloads=True):
        file = RecordFile(tmp_path / "a.db", payloads=payloads, most_bytes=10**9)
        file.write([SawRows(AT, "orders", [item(identity) for identity in kept])])
        file.write([SawDetail(AT, "orders", identity, False, result) for identity, result in kept.items()])
        file.close()
        recalls.append(RecordRecall(lambda: open_record(tmp_path / "a.db")))
        return recalls[-1].look("orders", [Instance.from_item(row) for row in rows])

    yield recall
    for each in recalls:
        each.close()


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (item("a"), True),
        (item("a", modified=AFTER), False),  # it changed since it was read
        (item("a", status="running"), False),
        (item("b"), False),  # never read
        ({"id": "a", "status": "complete"}, True),  # a dev session's, which ended
    ],
)
def test_only_what_did_not_change_since_is_told(recalled, row, found):
    assert (row["id"] in recalled({"a": answer({"order": 4711})}, [row])) is found


def test_without_payloads_nothing_is_told(recalled):
    assert recalled({"a": answer({"order": 4711})}, [item("a")], payloads=False) == {}


async def test_what_is_asked_waits_until_the_record_is_open(recalled, tmp_path):
    recalled({"a": answer({"order": 4711})}, [])
    looks = iter([False, False, True])
    recall = RecordRecall(lambda: open_record(tmp_path / "a.db"), is_ready=lambda: next(looks))
    pages = [page async for page in recall.find("orders", parse("params~4711"), AT)]
    assert [each.row.id for page in pages for each in page] == ["a"]
    assert list(looks) == []
    recall.close()


async def test_each_letter_finds_what_is_left_of_the_one_before(recalled, tmp_path):
    texts = ["cus_1", "cus_12", "CUS_123", "cus_2", "other"]
    recalled({text: answer({"n": text}) for text in texts}, [])
    recall = RecordRecall(lambda: open_record(tmp_path / "a.db"))

    async def found(filter, *apart_from):
        pages = [page async for page in recall.find("orders", parse(filter), AT, apart_from)]
        return sorted(each.row.id for page in pages for each in page)

    assert await found("params~c") == ["CUS_123", "cus_1", "cus_12", "cus_2"]
    assert await found("params~cus_1") == ["CUS_123", "cus_1", "cus_12"]
    assert await found("params~cus_12", "cus_12") == ["CUS_123"]
    assert await found("params~cus_2") == ["cus_2"], "another text is no longer one"
    assert await found("params~o") == ["other"]
    recall.close()


def test_what_was_erased_is_told_no_more(recalled, tmp_path):
    recalled({"a": answer({"order": 4711})}, [])
    recall, rows = RecordRecall(lambda: open_record(tmp_path / "a.db")), [Instance.from_item(item("a"))]
    assert recall.look("orders", rows)
    erase(tmp_path / "a.db")
    assert not recall.look("orders", rows)
    recalled({"a": answer({"order": 4712})}, [])
    assert recall.look("orders", rows)
    recall.close()


def test_no_file_tells_nothing(tmp_path):
    recall = RecordRecall(lambda: open_record(tmp_path / "none.db"))
    assert recall.look("orders", [Instance.from_item(item("a"))]) == {}


def test_exactly_those_are_found_whatever_the_text(recalled):
    kept = {f"a{number}": answer({"text": text, "n": number}) for number, text in enumerate(HOSTILE)}
    rows = [item(identity) for identity in kept]
    found = recalled(kept, rows)
    context = MatchContext((), found, {})
    for number, text in enumerate(HOSTILE[:-1]):
        quoted = text.replace('"', '\\"')
        matches = parse(f'params.text:"{quoted}"').matcher(AT, context)
        assert [row.id for row in map(Instance.from_item, rows) if matches(row)] == [f"a{number}"]
    assert len(found[f"a{len(HOSTILE) - 1}"].contents.params) < 1000  # a megabyte is not kept


def test_a_value_is_found_at_its_place_alone(recalled):
    kept = {f"a{number}": answer({"order": {"id": number}, "other": 4711}) for number in range(4700, 4720)}
    rows = [item(identity) for identity in kept]
    found = recalled(kept, rows)
    context = MatchContext((), found, {})
    for text in ("params.order.id:4711", "params.order.id:4711,zz"):
        matches = parse(text).matcher(AT, context)
        assert [row.id for row in map(Instance.from_item, rows) if matches(row)] == ["a4711"]
