"""What tests of the list do: instances arrive, change, and are found on screen."""

from wfdash.api.interface import NewInstance


async def arrive(d, *ids, workflow="orders"):
    """New instances, listed by the next poll."""
    for identity in ids:
        await d.app.session.api.create_instance(workflow, NewInstance(identity))
    await d.until(lambda: all(identity in d.app.session.poller.store for identity in ids))


async def change(d, verb, instance):
    await d.app.session.api.change_status("orders", instance, verb)
    before = d.app.session.poller.store.get(instance).status
    await d.until(lambda: d.app.session.poller.store.get(instance).status != before)


def row(d, instance):
    """The line of an instance in the table."""
    return next((line[:66] for line in d.lines[3:] if instance in line[:66]), None)


def first_id(d):
    return d.app.root.table.row_key(0)
