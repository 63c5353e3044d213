"""An API whose lists and instances tell of a write only some seconds after it."""

from msgspec.structs import replace

from wfdash.api.interface import NEWEST

__all__ = ["LateAnswers"]


class LateAnswers:
    """Passes on to `api`; of what was written less than so many seconds ago both tell what was before."""

    def __init__(self, api, clock, *, lists, instances):
        self._api, self._clock = api, clock
        self._lists, self._instances = lists, instances
        self._items, self._answers, self._written = {}, {}, {}
        self.lagged = 0

    def __getattr__(self, name):
        return getattr(self._api, name)

    def _late(self, identity, seconds):
        return self._clock() - self._written.get(identity, float("-inf")) < seconds

    async def change_status(self, workflow, instance, verb, **options):
        if not self._late(instance, max(self._lists, self._instances)):
            self._answers[instance] = await self._api.get_instance(workflow, instance)
        self._written[instance] = self._clock()
        return await self._api.change_status(workflow, instance, verb, **options)

    async def get_instance(self, workflow, instance, **options):
        if self._late(instance, self._instances):
            self.lagged += 1
            return self._answers[instance]
        return await self._api.get_instance(workflow, instance, **options)

    async def list_instances(self, workflow, query=NEWEST):
        page = await self._api.list_instances(workflow, query)
        late = {each for each in self._written if self._late(each, self._lists) and each in self._items}
        fresh = [item for item in page.items if item["id"] not in late]
        self._items |= {item["id"]: item for item in fresh}
        self.lagged += len(late)
        old = [self._items[each] for each in late if query.status in ("", self._items[each]["status"])]
        return replace(page, items=[*old, *fresh])
