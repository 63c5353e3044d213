"""What the tests of actions ask an operator to do."""

from wfdash.core.model.instance import Instance
from wfdash.live.actions.plan import make_creation, make_plan

__all__ = ["act", "create", "rows"]


def rows(server, *ids):
    return [Instance(identity, server.runs[identity].status) for identity in ids or server.runs]


async def act(operator, server, verb, *ids, on_event=None, **options):
    plan = make_plan(
        verb,
        "orders",
        rows(server, *ids),
        now=operator.clock(),
        guard=operator.guard,
        **options,
    )
    return await operator.carry_out(plan, on_event or (lambda event: None))


async def create(operator, *new):
    plan = make_creation("orders", new, now=operator.clock(), guard=operator.guard)
    return await operator.carry_out(plan, lambda event: None)
