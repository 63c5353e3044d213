"""All that the API lists of a workflow, read anew, and what of it was so at a moment before."""

import time
from itertools import pairwise
from typing import Any

import httpx

from tests.watch.answers import FINAL
from tests.watch.spans import iso_of, seconds_of
from tests.watch.steps import Record

__all__ = ["Account", "Listing"]

_MOST = 30
"""Pages of a hundred that are read at most: below them nothing is compared."""
_MOST_BACK = 400
_KEPT_LONG = 45.0
_KEPT = 4.0
"""Seconds that a listing serves, so that the statements of one screen share it."""


class Listing:
    """Rows with their times as epoch seconds; all that were created from `floor` on are there."""

    def __init__(self, rows: list[Record], floor: float) -> None:
        self.rows, self.floor = rows, floor
        for row in rows:
            for key in ("created", "started", "ended"):
                row[key] = seconds_of(row.get(f"{key}_on"))

    def ended(self, since: float, until: float, *statuses: str) -> list[Record]:
        """What ended in that stretch with one of the statuses."""
        found = [row for row in self.rows if row["status"] in (statuses or FINAL)]
        return [row for row in found if row["ended"] is not None and since <= row["ended"] < until]

    def below_the_edge(self) -> "Listing":
        """Without what was created in its first minute: a page names only the minute it goes back to."""
        return Listing([row for row in self.rows if row["created"] >= self.floor + 60], self.floor)

    def open_at(self, at: float) -> list[Record]:
        """What had been created and had not ended then."""
        return [row for row in self.rows if row["created"] <= at and (row["ended"] or at + 1) > at]


class Account:
    """Reads lists, versions and counts of every workflow, as often as a page states something of them."""

    def __init__(self, base: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=60)
        self._listed: dict[str, tuple[float, Listing]] = {}
        self._back: dict[str, tuple[float, Listing]] = {}
        self.counts: list[tuple[float, dict[str, Record]]] = []

    def close(self) -> None:
        self._http.close()

    def listing(self, workflow: str) -> Listing:
        """The newest rows, or all, not older than a few seconds."""
        at, found = self._listed.get(workflow, (0.0, None))
        if found is None or time.time() - at > _KEPT:
            found = self._list(workflow)
            self._listed[workflow] = time.time(), found
        return found

    def since(self, workflow: str, back: float) -> Listing:
        """All that was created since then, listed within a minute: it takes hundreds of requests."""
        at, found = self._back.get(workflow, (0.0, None))
        if found is None or time.time() - at > _KEPT_LONG or found.floor > back:
            begun = time.time()
            found = self._list(workflow, most=_MOST_BACK, date_start=iso_of(back))
            self._back[workflow] = begun, Listing(found.rows, max(found.floor, back))
        return self._back[workflow][1]

    def forget(self, workflow: str) -> None:
        """Lists anew what is asked for next."""
        self._listed.pop(workflow, None)
        self._back.pop(workflow, None)

    def created(self, workflow: str, since: float, until: float) -> int:
        """How many were created from one moment to before another, as the server counts them itself."""
        query = {"per_page": "1", "date_start": iso_of(since), "date_end": iso_of(until - 0.001)}
        body = self._get(f"/{workflow}/instances", query)
        return int(body["result_info"]["total_count"]) if until > since else 0

    def errored(self, workflow: str) -> Listing:
        """The same of the errored ones; a dev session is not asked by status, for it has all in one list."""
        every = self.listing(workflow)
        return every if every.floor == float("-inf") else self._list(workflow, status="errored")

    def _list(self, workflow: str, *, most: int = _MOST, **query: str) -> Listing:
        rows: list[Record] = []
        query = {"per_page": "100", **query}
        for _ in range(most):
            body = self._get(f"/{workflow}/instances", query)
            rows += body["result"]
            info = body.get("result_info") or {}
            # A dev session numbers its pages.
            page, pages = info.get("page") or 1, info.get("total_pages") or 1
            if not body["result"] or (not info.get("cursor") and page >= pages):
                return Listing(rows, float("-inf"))
            query |= {"cursor": info["cursor"]} if info.get("cursor") else {"page": str(page + 1)}
        return Listing(rows, seconds_of(rows[-1]["created_on"]) or 0.0)

    def versions(self, workflow: str) -> dict[str, float]:
        """When each version was deployed, by its first eight letters."""
        found = self._get(f"/{workflow}/versions", {"per_page": "100"})["result"]
        return {version["id"][:8]: seconds_of(version["created_on"]) or 0.0 for version in found}

    def workflows(self) -> dict[str, Record]:
        return {each["name"]: each for each in self._get("", {"per_page": "100"})["result"]}

    def sample(self) -> None:
        """Keeps the counts of this moment."""
        counts = {name: each["instances"] for name, each in self.workflows().items() if "instances" in each}
        self.counts = [*self.counts[-60:], (time.time(), counts)] if counts else []

    def totals(self, workflow: str, since: float, until: float) -> tuple[int, int]:
        """The least and the most instances that it had in that span; (0, -1) where none was sampled."""
        found = [sum(counts.get(workflow, {}).values()) for at, counts in self.counts if since <= at <= until]
        return (min(found), max(found)) if found else (0, -1)

    def counted(self, workflow: str, status: str, since: float, until: float) -> tuple[int, int]:
        """The least and the most that had it in that span; (0, -1) where its begin was not sampled."""
        kept = [
            (at, counts.get(workflow, {}).get(status, 0)) for at, counts in self.counts if at <= until + 2
        ]
        first = max((n for n, (at, _) in enumerate(kept) if at <= since), default=None)
        if first is None:
            return 0, -1
        numbers = [number for _, number in kept[first:]]
        moves = max((abs(after - before) for before, after in pairwise(numbers)), default=0)
        return min(numbers) - max(1, moves), max(numbers) + max(1, moves)

    def _get(self, path: str, query: dict[str, str]) -> Any:
        try:
            answer = self._http.get(path, params=query)
        except httpx.TransportError:  # a connection that was kept may have been closed just then
            answer = self._http.get(path, params=query)
        return answer.raise_for_status().json()
