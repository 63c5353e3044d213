"""Long walks of one list by several processes at a time: a page that one of them has just read serves all."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from wfdash.api.interface import NEWEST, InstancePage, ListQuery
from wfdash.api.paging import Lists
from wfdash.live.budget.shared_lines import SharedLines, shared_place

__all__ = ["JoinedLists", "page_file"]

_ANSWERS: Final = 3.0
"""Seconds for which another process's question is waited for; it may have been stopped."""
_LOOK: Final = 0.05


_Place = tuple[str | None, float | None]
"""A cursor, and the list it belongs to: a server may count its rows."""


class _Offer(Struct, frozen=True, array_like=True):
    """A question of one process, and its answer once that came: a line of the file."""

    session: str
    asked_at: float
    query: ListQuery
    items: list[dict[str, Any]] | None = None
    """The rows as the API sent them; None while it is still asked."""
    cursor: str | None = None
    total: int | None = None
    left_out: int = 0


class JoinedLists:
    """Asks for pages of one list as a client does, or takes what another process asked for since it began.

    None is taken that was asked for before: what a person did just before a command is in what it lists.
    The file holds pages only while somebody walks; the last one to leave removes it.
    """

    def __init__(self, lists: Lists, path: Path | None, *, clock: Callable[[], float] = time.time) -> None:
        """Without a path nothing is shared."""
        self._lists = lists
        self._file = SharedLines(path)
        self._clock = clock
        self._since = clock()
        self._session = secrets.token_hex(8)
        self._last = ""
        """The id of the last row that was walked over."""
        self._passed: set[str] = set()
        self._by_id: dict[str, tuple[_Offer, int]] = {}
        self._by_place: dict[_Place, _Offer] = {}
        self._asked: dict[_Place, float] = {}
        """When another process asked for it, while it has no answer."""
        self._queries: dict[str, ListQuery] = {}
        """By cursor: the question that it goes on with, which may be another process's."""
        self.taken = 0
        """Pages that others had asked for."""

    async def list_instances(self, workflow: str, query: ListQuery = NEWEST) -> InstancePage:
        if query.cursor is None:
            page = await self._lists.list_instances(workflow, query)
        else:
            query = self._queries.get(query.cursor, query)
            self._file.join()  # a list of one page has nothing to share
            page = await self._next(workflow, query)
        self._walked(page.items)
        return page

    def close(self) -> None:
        """Leaves the file to the others, or removes it."""
        self._file.close()

    async def _next(self, workflow: str, query: ListQuery) -> InstancePage:
        while True:
            self._read()
            found = self._by_id.get(self._last)
            if found is not None:
                offer, index = found
                if rest := (offer.items or [])[index + 1 :]:
                    return self._take(offer, rest)
                if offer.cursor is None:
                    return self._take(offer, [])
                query = replace(offer.query, cursor=offer.cursor)
            if (same := self._by_place.get(_place(query))) is not None:
                return self._take(same, same.items or [])
            if not 0 <= self._clock() - self._asked.get(_place(query), float("-inf")) < _ANSWERS:
                return await self._ask(workflow, query)
            await asyncio.sleep(_LOOK)

    def _take(self, offer: _Offer, items: list[dict[str, Any]]) -> InstancePage:
        self.taken += 1
        self._goes_on(offer.query, offer.cursor)
        return InstancePage(list(items), offer.cursor, offer.total, left_out=offer.left_out)

    async def _ask(self, workflow: str, query: ListQuery) -> InstancePage:
        question = _Offer(self._session, self._clock(), query)
        self._offer(question)
        page = await self._lists.list_instances(workflow, query)
        self._offer(
            replace(question, items=page.items, cursor=page.cursor, total=page.total, left_out=page.left_out)
        )
        self._goes_on(query, page.cursor)
        return page

    def _goes_on(self, query: ListQuery, cursor: str | None) -> None:
        if cursor is not None:
            self._queries[cursor] = replace(query, cursor=cursor)

    def _walked(self, items: list[dict[str, Any]]) -> None:
        """Forgets the offers that lie behind: of 100,000 rows only those ahead are kept."""
        for identity in _ids(items):
            self._by_id.pop(self._last, None)
            self._passed.add(identity)
            self._last = identity

    # The file.

    def _offer(self, offer: _Offer) -> None:
        self._file.offer(msgspec.json.encode(offer))

    def _read(self) -> None:
        """Takes in what the others offer."""
        for line in self._file.news():
            try:
                offer = msgspec.json.decode(line, type=_Offer)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                continue
            if offer.session == self._session or offer.asked_at < self._since or offer.query.cursor is None:
                continue
            if offer.items is None:
                self._asked[_place(offer.query)] = offer.asked_at
                continue
            self._asked.pop(_place(offer.query), None)
            ids = list(_ids(offer.items))
            if ids and ids[-1] in self._passed and ids[-1] != self._last:
                continue
            self._by_place[_place(offer.query)] = offer
            for index, item in enumerate(offer.items):
                if isinstance(identity := item.get("id"), str):
                    self._by_id[identity] = offer, index


def _place(query: ListQuery) -> _Place:
    return query.cursor, query.date_end


def page_file(beside: Path | None, account: str, workflow: str, query: ListQuery) -> Path | None:
    """Where the pages of this list are shared; one file for two that differ in where they begin alone."""
    which = (account, workflow, query.status, str(query.date_start), query.direction)
    return shared_place(beside, "pages", *which)


def _ids(items: list[dict[str, Any]]) -> Iterator[str]:
    return (item["id"] for item in items if isinstance(item.get("id"), str))
