"""An instance that was deleted is gone from the rows within two polls of the list."""

from msgspec.structs import replace

from tests.support.harness.stage import newest, staged
from wfdash.core.rows.store import GONE


def without(given, deleted):
    listed = given.api.list_instances

    async def fewer(*asked, **more):
        page = await listed(*asked, **more)
        return replace(page, items=[item for item in page.items if item["id"] not in deleted])

    given.api.list_instances = fewer


@staged("calm")
async def test_deleted_instance_is_noted_within_two_polls(on):
    poller = on.poller
    poller.show("orders")
    await on.until(lambda: poller.newest.freshness.answered_at is not None)
    rows = sorted(poller.store, key=lambda row: -row.created)[:20]
    deleted = {rows[5].id, rows[10].id}
    without(on, deleted)
    since = on.loop.time()
    await on.until(lambda: all(poller.store.note(identity) == GONE for identity in deleted), within=30)
    assert len(newest(on, since)) <= 3
    assert not any(poller.store.note(row.id) for row in rows if row.id not in deleted)
