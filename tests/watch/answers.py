"""An independent reader of the API: what it answered, when, and what an answer says of a moment before it."""

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import deepcopy
from itertools import pairwise
from typing import Any

import httpx

from tests.watch.spans import seconds_of
from tests.watch.steps import Record, open_steps

__all__ = ["FINAL", "Answers", "as_at"]

FINAL = ("complete", "errored", "terminated")
_EVERY = 0.7
_COUNTED = 0.3
_GRID = 3.0


class Answers(threading.Thread):
    """Reads list and counts again and again, and the instances that somebody `wants`, each in full."""

    def __init__(self, base: str, workflow: str, token: str = "", counts: Callable[[Record], Record] = dict):
        super().__init__(daemon=True)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=f"{base}/{workflow}", headers=headers, trust_env=False, timeout=60)
        self._ends = threading.Event()
        # By itself: beside the instances it would count every few seconds, and much comes and goes meanwhile.
        self._counting = threading.Thread(target=self._again, args=(self._count, _COUNTED), daemon=True)
        self.wanted: set[str] = set()
        self.rows: dict[str, list[tuple[float, Record]]] = {}
        self.details: dict[str, list[tuple[float, Record]]] = {}
        self.newest: list[str] = []
        self.counts: list[tuple[float, Record]] = []
        self.gone: dict[str, float] = {}
        """Instances that were not there any more, and since when that is known."""
        self.failed = ""

    def begun(self) -> "Answers":
        """Reads from now on, and has read once: what another reads first is never before it."""
        self._count()
        self._read()
        self.start()
        self._counting.start()
        return self

    def run(self) -> None:
        self._again(self._read, _EVERY)

    def _again(self, read: Callable[[], None], every: float) -> None:
        while not self._ends.wait(every):
            try:
                read()
            except Exception as error:
                self.failed = repr(error)
                with suppress(httpx.HTTPError):
                    time.sleep(1)

    def stop(self) -> None:
        self._ends.set()
        self.join(60)
        self._counting.join(60)
        self._http.close()

    def _read(self) -> None:
        body = self._get("/instances", per_page="100")
        at = time.time()
        self.newest = [row["id"] for row in body["result"]]
        for row in body["result"]:
            _keep(self.rows.setdefault(row["id"], []), at, row)
        for identity in sorted(self.wanted):
            expected = self.details.get(identity)
            listed = self.rows.get(identity)
            over = expected and expected[-1][1]["status"] in FINAL
            if over and (not listed or listed[-1][1]["status"] == expected[-1][1]["status"]):
                continue
            self.read(identity)

    def _count(self) -> None:
        counted = self._get("")["result"]["instances"]
        self.counts.append((time.time(), {status: int(number) for status, number in counted.items()}))

    def read(self, identity: str) -> Record | None:
        """The instance in full, now; None where it is not there."""
        answer = self._http.get(f"/instances/{identity}")
        if answer.status_code == 404:
            self.gone.setdefault(identity, time.time())
            return None
        detail = answer.raise_for_status().json()["result"]
        _keep(self.details.setdefault(identity, []), time.time(), detail)
        return detail

    def _get(self, path: str, **query: str) -> Any:
        return self._http.get(path, params=query).raise_for_status().json()

    def is_newest(self, identity: str) -> bool:
        """Whether the newest page holds it, and not only just."""
        return identity in self.newest[:90]

    # What was so at some moment of a span.

    def statuses(self, identity: str, since: float, until: float) -> set[str]:
        """Every status that list or detail gave it in that span, the one at its begin included."""
        answers = (self.rows.get(identity, ()), self.details.get(identity, ()))
        found = {answer["status"] for each in answers for _, answer in _between(each, since, until)}
        for at, state in self.states(identity, since, until):
            # One that runs for half a second may be met by the other reader alone.
            kinds = {kind for kind, _ in open_steps(state, at)}
            found.add("waiting" if kinds and "runs" not in kinds else "running")
            started = seconds_of(state["start"])
            found |= {"queued"} if started is None or started >= since else set()
            handlers = [step for step in state["steps"] if step["type"] == "rollback"]
            found |= (
                {"rollingBack"}
                if any((seconds_of(each["end"]) or at) >= since for each in handlers)
                else set()
            )
        return found

    def states(self, identity: str, since: float, until: float) -> list[tuple[float, Record]]:
        """The instance at each moment of the span at which it was read or something happened in it."""
        answer = self.details.get(identity, [])
        found = list(_between(answer, since, until))
        later = [detail for at, detail in answer if at >= until][:1] or [detail for _, detail in answer[-1:]]
        for detail in later:
            found += [(at, as_at(detail, at)) for at in (since, *_moments(detail)) if since <= at <= until]
        return found

    def between(self, identity: str, since: float, until: float) -> list[tuple[float, Record]]:
        """The instance every few seconds of the span, out of the answer that came next."""
        found, answers = [], self.details.get(identity, [])
        for step in range(int((until - since) / _GRID) + 1):
            at = since + step * _GRID
            if later := next((detail for read, detail in answers if read >= at), None):
                found.append((at, as_at(later, at)))
        return found

    def counted(self, status: str, since: float, until: float) -> tuple[int, int]:
        """The least and the most instances that had this status in the span; (0, -1) where none was told.

        What it moved by from one answer to the next it may have moved by and back in between.
        """
        numbers = [counts.get(status, 0) for _, counts in _between(list(self.counts), since, until)]
        if not numbers:
            return 0, -1
        moves = max((abs(after - before) for before, after in pairwise(numbers)), default=0)
        moves = max(moves, 1)
        most = max(numbers) + moves
        return min(numbers) - moves, max(most, self._queued(since, until)) if status == "queued" else most

    def _queued(self, since: float, until: float) -> int:
        """The most that stood in the queue at one moment of the span, by their own times: for half a second
        each, so that several may come and go between two answers."""
        turns = []
        for answers in list(self.rows.values()):
            created, started = (seconds_of(answers[-1][1].get(key)) for key in ("created_on", "started_on"))
            if created is not None and created <= until and (started is None or started >= since):
                turns += [(created, 1), (started if started is not None else until + 1, -1)]
        number = most = 0
        for _, change in sorted(turns):
            number += change
            most = max(most, number)
        return most


def _keep(answers: list[tuple[float, Record]], at: float, answer: Record) -> None:
    if not answers or answers[-1][1] != answer:
        answers.append((at, answer))


def _between(
    answers: Iterable[tuple[float, Record]], since: float, until: float
) -> Iterable[tuple[float, Record]]:
    """The answers of the span, the last one before it, which held until the next, and the one after it."""
    answers = list(answers)
    first = max(0, bisect_left([at for at, _ in answers], since) - 1)
    for at, answer in answers[first:]:
        yield max(at, since), answer
        if at > until:
            return


def _moments(detail: Record) -> list[float]:
    times = []
    for step in detail["steps"]:
        times += [step.get("start"), step.get("end")]
        for attempt in step.get("attempts", ()):
            times += [attempt["start"], attempt["end"]]
    return sorted({at + 0.0005 for at in map(seconds_of, times) if at is not None})


def as_at(detail: Record, at: float) -> Record:
    """A later answer without what had not happened at that moment."""
    then = deepcopy(detail)
    then["steps"] = [
        step for step in then["steps"] if step.get("start") is None or seconds_of(step["start"]) <= at
    ]
    for step in then["steps"]:
        attempts = step.get("attempts", [])
        attempts[:] = [attempt for attempt in attempts if seconds_of(attempt["start"]) <= at]
        for attempt in attempts:
            if attempt["end"] is not None and seconds_of(attempt["end"]) > at:
                attempt.update(end=None, success=None, error=None)
        if step.get("end") is not None and seconds_of(step["end"]) > at:
            if step["type"] in ("step", "rollback"):
                step.update(end=None, success=None, output=None)
            elif step["type"] == "sleep" and step.get("finished"):
                step.update(finished=False)
            elif step.get("finished") or step.get("error"):
                # When it was to time out is lost.
                step.update(end=None, finished=False, error=None, untimed=True)
            elif step.get("finished") is None:
                step.update(end=None, error=None)  # a dev session says no planned end
    if (end := seconds_of(then.get("end"))) is not None and end > at:
        then.update(end=None, success=None, error=None)
    then["status"] = ""  # which it was then, the steps alone do not tell
    return then
