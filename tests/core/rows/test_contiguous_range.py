"""The stretch of the list in which nothing is missing: the newest of very many rows, whenever they came."""

from wfdash.core.model.times import iso
from wfdash.core.rows.contiguous_range import ContiguousRange
from wfdash.core.rows.store import Store

OLD, NEW = 25_000, 40


def item(number):
    return {"id": f"order-{number}", "status": "complete", "created_on": iso(1_700_000_000.0 + number)}


def test_what_arrived_last_is_among_very_many():
    store, stretch = Store(), ContiguousRange()
    older = [item(number) for number in reversed(range(OLD))]
    arrived = [item(OLD + number) for number in range(NEW)]
    for items in (older, arrived):
        store.apply(items, seq=1, now=0.0)
        stretch.note_ends(items)
    stretch.floor, stretch.ceiling = 1_700_000_000.0, 1_700_000_000.0 + OLD + NEW
    rows = stretch.rows(store)
    assert {each["id"] for each in arrived} <= {row.id for row in rows}
    created = sorted(row.created for row in rows)
    assert created[-1] - created[0] == len(created) - 1, "a row between them is missing"
    assert len(stretch.within(store)) == OLD + NEW
