"""Walking the pages of a list to their end, however the server behaves."""

from collections.abc import AsyncIterator, Awaitable, Callable
from math import inf
from typing import Protocol

from msgspec.structs import replace

from wfdash.api.interface import MOST_VERSIONS, NEWEST, InstancePage, ListQuery, Version, WorkflowPage
from wfdash.core.model.workflow import Workflow

__all__ = ["Lists", "all_workflows", "versions_back_to", "walk"]

BARREN = 5
"""Pages in a row without a new row after which a server is taken to go round in circles."""


_VERSIONS_A_PAGE = 100
"""As many as the API gives at once (reference)."""


class Lists(Protocol):
    """Whatever lists instances a page at a time: a client, or one that asks it more patiently."""

    async def list_instances(self, workflow: str, query: ListQuery = NEWEST) -> InstancePage: ...


async def walk(api: Lists, workflow: str, query: ListQuery = NEWEST) -> AsyncIterator[InstancePage]:
    """Yields pages by cursor until that ends, repeats, or long brings nothing new; each id comes once."""
    seen: set[str] = set()
    cursors: set[str] = set()
    barren = 0
    while True:
        page = await api.list_instances(workflow, query)
        fresh = []
        for item in page.items:
            identity = item.get("id")
            # With a status filter rows leave the set during the walk, and the next cursor may bring some
            # again.
            if not isinstance(identity, str) or identity in seen:
                continue
            seen.add(identity)
            fresh.append(item)
        page.items = fresh
        yield page
        barren = 0 if fresh else barren + 1
        # A server that repeats itself must not hold a walk for ever: a dev session once promised pages
        # without end.
        if page.cursor is None or page.cursor in cursors or barren == BARREN:
            return
        query = replace(query, cursor=page.cursor)
        cursors.add(page.cursor)


async def all_workflows(ask: Callable[[int], Awaitable[WorkflowPage]], most: int = 50) -> list[Workflow]:
    """The workflows of every page that `ask` gives by its number, of so many at most, in the API's order."""
    found: list[Workflow] = []
    for number in range(1, most + 1):
        page = await ask(number)
        found += page.items
        if not page.items or number >= (page.total_pages or 1):
            break
    return found


async def versions_back_to(
    since: float, ask: Callable[[int, int], Awaitable[list[Version]]]
) -> list[Version]:
    """Lists versions, newest first, back to the one in force at `since`.

    `ask` gives a page by number and size.
    """
    found: dict[str, Version] = {}
    for number in range(1, MOST_VERSIONS // _VERSIONS_A_PAGE + 1):
        page = await ask(number, _VERSIONS_A_PAGE)
        fresh = [version for version in page if version.id not in found]
        found.update((version.id, version) for version in fresh)
        # A page that brings nothing new has no time either, and ends it.
        oldest = min((version.created for version in fresh if version.created is not None), default=-inf)
        if len(page) < _VERSIONS_A_PAGE or oldest <= since:
            break
    return list(found.values())
