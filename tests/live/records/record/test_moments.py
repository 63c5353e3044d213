"""The moments that `<` and `>` go along."""

from tests.live.records.record.sample_files import MINUTES, NOW
from wfdash.live.records.record.file import RecordFile
from wfdash.live.records.record.moments import PageMoments
from wfdash.live.records.record.observations import SawRows
from wfdash.live.records.record.opening import open_record


async def test_moments_go_by_what_is_looked_at(incident):
    reader = open_record(incident[0] / "True.db")
    moments = PageMoments(reader, "orders")
    first = moments.away(NOW + 1e6, back=True, number=10_000)
    assert first == NOW
    after = moments.away(first, back=False)
    assert first < after <= NOW + MINUTES * 60
    assert moments.away(after, back=True) == first
    assert PageMoments(reader, "refunds").away(after, back=True) is None
    identity = incident[2][0][1]
    assert PageMoments(reader, "orders", identity).away(NOW + 1e6, back=True) <= reader.last
    reader.close()


def test_moments_of_one_second_are_told_apart(tmp_path):
    path = tmp_path / "a.db"
    file = RecordFile(path, payloads=False, most_bytes=10**9)
    for at, status in ((100.25, "queued"), (100.5, "running"), (100.75, "waiting"), (101.5, "complete")):
        file.write(
            [SawRows(at, "orders", [{"id": "a", "status": status, "created_on": "2026-11-18T10:00:00Z"}])]
        )
    file.close()
    reader = open_record(path)
    positions = []
    at = 200.0
    while (at := PageMoments(reader, "orders").away(at, back=True)) is not None:
        of_row = PageMoments(reader, "orders", "a").position(at)
        positions.append((at, PageMoments(reader, "orders").position(at), of_row))
    reader.close()
    assert positions == [
        (101.5, (1, 1), (1, 1)), (100.75, (3, 3), (3, 3)), (100.5, (2, 3), (2, 3)), (100.25, (1, 3), (1, 3)),
    ]  # fmt: skip
