"""Long walks of one list by several processes at a time: a page that one of them has just read serves all."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from wfdash.api.interface import NEWEST, InstancePage, ListQuery
from wfdash.api.paging import Lists
from wfdash.live.budget.shared_lines import ANSWERS, LARGEST, SharedLines, read_offer, shared_path

__all__ = ["JoinedLists", "page_file"]

_LOOK: Final = 0.05
"""Seconds between two looks whether another process has the answer by now."""
_PAGE: Final = 100
"""Rows of a page at most (the API's reference for List instances)."""
_TAIL, _SLICE = 4 << 20, 1 << 20
"""Bytes that are taken of what was offered before, where only the last seconds count, and at one look: pages
of 40 kB, which take 5 ms a megabyte."""


_Key = tuple[str | None, float | None]
"""A cursor, and the list it belongs to: a server may count its rows."""


class _Offer(Struct, frozen=True, array_like=True):
    """One line of the shared file: a page that a process has asked for, and its rows once they came."""

    session: str
    asked_at: float
    query: ListQuery
    items: list[dict[str, Any]] | None = None
    """The rows as the API sent them; None while it is still asked."""
    cursor: str | None = None
    total: int | None = None
    left_out: int = 0
    after: str = ""
    """The id of the row that it goes on below."""


class JoinedLists:
    """Asks for pages of one list as a client does, or takes what another process asked for since it began.

    None is taken that was asked for before: what a person did just before a command is in what it lists.
    The file holds pages only while somebody walks; the last one to leave removes it.
    """

    def __init__(
        self,
        lists: Lists,
        path: Path | None,
        *,
        clock: Callable[[], float] = time.time,
        recent: float | None = None,
        covers: Callable[[str], bool] = lambda identity: False,
    ) -> None:
        """`path` is the shared file; without one nothing is shared.

        `recent` is for who knows what changed since, as a dashboard does: it takes what was asked for within
        so many seconds, before it began too. It `covers` rows down to which it has all, though it walked over
        none of them here.
        """
        self._lists = lists
        self._file = SharedLines(path)
        self._clock = clock
        self._began = clock()
        self._recent = recent
        self._covers = covers
        self._session = secrets.token_hex(8)
        self._last = ""
        """The id of the last row that was walked over."""
        self._passed: dict[str, int] = {}
        """The ids of all of them, counted."""
        self._by_id: dict[str, tuple[_Offer, int]] = {}
        self._by_key: dict[_Key, _Offer] = {}
        self._asked: dict[_Key, tuple[float, str]] = {}
        """When another process asked for it, and below which row, while it has no answer."""
        self._queries: dict[str, ListQuery] = {}
        """By cursor: the question that it goes on with, which may be another process's."""
        self.taken, self.taken_at = 0, 0.0
        """Pages that others had asked for, and when the last of them was."""

    async def list_instances(self, workflow: str, query: ListQuery = NEWEST) -> InstancePage:
        if query.cursor is None:
            page = await self._lists.list_instances(workflow, query)
        else:
            found = self.look(query)
            while found is None:
                await asyncio.sleep(_LOOK)
                found = self.look(query)
            page = found if isinstance(found, InstancePage) else await self._ask(workflow, found)
        self.walked(page.items)
        return page

    def look(self, query: ListQuery) -> InstancePage | ListQuery | None:
        """The page after what was walked, which `query` asks for too, where another process has it.

        Else what is to be asked for instead, to go on where that one is; None while it asks for it.
        """
        query = self._queries.get(query.cursor or "", query)
        self._file.join(tail=_TAIL if self._recent is not None else LARGEST)
        self._read()
        # What has not been come to yet may be the page that is wanted: to ask for it now would be to ask
        # twice.
        if self._file.behind:
            return None
        found = self._by_id.get(self._last)
        if found is not None and self._is_fresh(found[0]):
            offer, index = found
            if rest := (offer.items or [])[index + 1 :]:
                return self._take(offer, rest)
            if offer.cursor is None:
                return self._take(offer, [])
            query = replace(offer.query, cursor=offer.cursor)
        here = _key_of(query)
        for key, each in self._by_key.items():
            if self._is_fresh(each) and (key == here or self._is_next(each)):
                return self._take(each, each.items or [])
        return None if self._is_asked(query) else query

    def _is_next(self, offer: _Offer) -> bool:
        """Whether an offered page begins among known rows and goes beyond them."""
        return self._covers(offer.after) and not all(map(self._covers, _ids(offer.items or [])))

    def _is_asked(self, query: ListQuery) -> bool:
        """Whether another process asks for this page, or for one that will hold the row to go on below.

        Of two that began in step, each some rows further than the other, none would ever meet the other.
        """
        now, mine = self._clock(), self._passed.get(self._last, 0)
        for key, (asked_at, after) in self._asked.items():
            ahead = mine - self._passed.get(after, mine + 1)
            if 0 <= now - asked_at < ANSWERS and (key == _key_of(query) or 0 <= ahead < _PAGE):
                return True
        return False

    async def _ask(self, workflow: str, query: ListQuery) -> InstancePage:
        """Asks for a page, and offers the question and then the answer to the other processes."""
        question = _Offer(self._session, self._clock(), query, after=self._last)
        self._file.offer(question)
        page = await self._lists.list_instances(workflow, query)
        self._file.offer(
            replace(question, items=page.items, cursor=page.cursor, total=page.total, left_out=page.left_out)
        )
        self._goes_on(query, page.cursor)
        return page

    def walked(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Goes on below these rows, and forgets the offers behind them.

        Of 100,000 rows only the offers ahead are kept.
        """
        for identity in _ids(items):
            self._by_id.pop(self._last, None)
            self._passed[identity] = len(self._passed)
            self._last = identity

    def close(self) -> None:
        """Leaves the file to the others, or removes it."""
        self._file.close()

    def _take(self, offer: _Offer, items: list[dict[str, Any]]) -> InstancePage:
        self.taken, self.taken_at = self.taken + 1, offer.asked_at
        self._by_key.pop(_key_of(offer.query), None)
        self._goes_on(offer.query, offer.cursor)
        return InstancePage(list(items), offer.cursor, offer.total, left_out=offer.left_out)

    def _is_fresh(self, offer: _Offer) -> bool:
        oldest = self._began if self._recent is None else self._clock() - self._recent
        return offer.asked_at >= oldest

    def _goes_on(self, query: ListQuery, cursor: str | None) -> None:
        if cursor is not None:
            self._queries[cursor] = replace(query, cursor=cursor)

    # The file.

    def _read(self) -> None:
        """Takes in what the others offer."""
        for line in self._file.news(_SLICE if self._recent is not None else LARGEST):
            offer = read_offer(line, _Offer)
            if offer is None or offer.session == self._session:
                continue
            if not self._is_fresh(offer) or offer.query.cursor is None:
                continue
            if offer.items is None:
                self._asked[_key_of(offer.query)] = offer.asked_at, offer.after
                continue
            self._asked.pop(_key_of(offer.query), None)
            ids = list(_ids(offer.items))
            # All of it lies behind what was walked here.
            if ids and ids[-1] in self._passed and ids[-1] != self._last:
                continue
            self._by_key[_key_of(offer.query)] = offer
            for index, item in enumerate(offer.items):
                if isinstance(identity := item.get("id"), str):
                    self._by_id[identity] = offer, index


def _key_of(query: ListQuery) -> _Key:
    return query.cursor, query.date_end


def page_file(beside: Path | None, account: str, workflow: str, query: ListQuery) -> Path | None:
    """Where the pages of this list are shared; one file for two that differ in where they begin alone."""
    which = (account, workflow, query.status, str(query.date_start), query.direction)
    return shared_path(beside, "pages", *which)


def _ids(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    return (item["id"] for item in items if isinstance(item.get("id"), str))
