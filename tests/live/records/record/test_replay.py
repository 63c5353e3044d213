"""A record read back: equal to what had been answered by then, and safe wherever the file came from."""

import random
import sqlite3

import pytest

from tests.live.records.record.sample_files import MINUTES, NOW
from wfdash.api.errors import Refused
from wfdash.api.interface import ListQuery
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.live.records.record.file import RecordFile
from wfdash.live.records.record.observations import SawDetail
from wfdash.live.records.record.opening import open_record
from wfdash.live.records.record.replayed import ReplayedWorkflows


def without_payloads(value):
    """What a record without payloads may differ in, taken out."""
    if isinstance(value, dict):
        kept = value.keys() - {"params", "output", "error"}
        return {key: without_payloads(value[key]) for key in kept}
    return [without_payloads(part) for part in value] if isinstance(value, list) else value


def oldest_of(items):
    return min(Instance.from_item(item).created for item in items)


@pytest.mark.parametrize("payloads", [True, False])
async def test_a_replay_equals_what_had_been_answered(incident, payloads):
    folder, rows, details = incident
    reader = open_record(folder / f"{payloads}.db")
    compared = 0
    for _ in range(20):
        at = NOW + random.uniform(0, MINUTES * 60)
        api = ReplayedWorkflows(reader, lambda at=at: at)
        latest, read, total = {}, {}, 0
        for when, answer in rows:
            latest |= {item["id"]: item for item in answer.items} if when <= at else {}
            total = answer.total if when <= at else total
        for when, identity, result in details:
            read |= {identity: (when, result)} if when <= at else {}
        found, cursor = [], None
        while True:
            page = await api.list_instances("orders", ListQuery(cursor=cursor, per_page=37))
            found += page.items
            cursor = page.cursor
            if cursor is None:
                break
        assert {item["id"]: item for item in found} == latest
        assert len(found) < page.total == total, "what was not seen is not called all"
        assert page.unbroken == oldest_of(rows[0][1].items)
        assert [item["created_on"] for item in found] == sorted(
            (item["created_on"] for item in found), reverse=True
        )
        for identity, (_, result) in random.sample(sorted(read.items()), min(10, len(read))):
            answer = await api.get_instance("orders", identity)
            compared += 1
            if payloads:
                assert answer.result == result
            else:
                assert without_payloads(answer.result) == without_payloads(result)
                assert "not recorded" in str(answer.result["params"])
            if result["status"] == "errored":
                ours = fingerprint(read_detail("orders", identity, answer.result))
                theirs = fingerprint(read_detail("orders", identity, result))
                assert (ours.error, ours.step, ours.version) == (theirs.error, theirs.step, theirs.version)
                assert (ours.message == theirs.message) is payloads
    assert compared > 60
    assert not reader.flaws
    reader.close()


def test_causes_stay_apart_without_their_words(incident):
    folder, _, details = incident
    reader = open_record(folder / "False.db")
    pairs = set()
    for _, identity, result in details:
        if result["status"] == "errored":
            kept = reader.detail("orders", identity, NOW + 1e6)
            pairs.add(
                (
                    fingerprint(read_detail("orders", identity, kept.result)).cause,
                    fingerprint(read_detail("orders", identity, result)).cause,
                )
            )
    assert len(pairs) == len({ours for ours, _ in pairs}) == len({theirs for _, theirs in pairs}) >= 2
    reader.close()


async def test_nothing_can_be_sent_from_a_record(incident):
    reader = open_record(incident[0] / "True.db")
    api = ReplayedWorkflows(reader, lambda: NOW)
    for write in (api.change_status, api.send_event, api.create_instance, api.create_instances):
        with pytest.raises(Refused, match="nothing can be sent from a record"):
            await write("orders", "a", "pause")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM listed")
    reader.close()


def test_an_answer_without_steps_is_put_over_the_last_with_them(tmp_path):
    file = RecordFile(tmp_path / "a.db", payloads=True, most_bytes=10**9)
    steps = [{"type": "step", "name": f"s-{number}"} for number in range(70)]
    file.write([SawDetail(NOW, "orders", "a", False, {"status": "running", "steps": steps})])
    file.write([SawDetail(NOW + 5, "orders", "a", True, {"status": "complete"})])
    file.write([SawDetail(NOW + 9, "orders", "a", False, {"status": "complete", "steps": steps[:40]})])
    reader = open_record(tmp_path / "a.db")
    kept = reader.detail("orders", "a", NOW + 6)
    assert (kept.at, kept.result) == (NOW + 5, {"status": "complete", "steps": steps})
    assert reader.detail("orders", "a", NOW + 10).result["steps"] == steps[:40]
    assert reader.detail("orders", "a", NOW - 1) is None
    reader.close()
    file.close()
