"""Which instance a run of a dev session is of: the object that runs it is named after the instance.

Measured on wrangler 4.164: a session calls the Durable Object of an instance to create, restart or resume it,
and notes its id with that call. The id follows from the names of workflow and instance alone.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping, Set
from functools import lru_cache
from types import MappingProxyType

from msgspec import Struct

__all__ = ["InstanceObjects", "TracedObjects", "object_of"]

_HALF = 16
"""Bytes of an object's id that come from the name; the rest proves them."""
_NONE: Set[str] = frozenset()


class TracedObjects(Struct, frozen=True):
    """What a session has told of the objects of instances, by their ids."""

    runs: Mapping[str, str] = MappingProxyType({})
    """Of calls, whose run they were made in."""
    traces: Mapping[str, Set[str]] = MappingProxyType({})
    """Of each trace, those that were created, restarted or resumed in it: told once their runs have ended."""
    called: Mapping[str, Set[str]] = MappingProxyType({})
    """Of each trace in which one was begun, all that were called, where nothing tells which it was."""
    begins: Mapping[str, Mapping[str, int]] = MappingProxyType({})
    """Of each trace, how many instances of each workflow were, at the least: told at once."""


@lru_cache(4096)
def object_of(workflow: str, identity: str) -> str:
    """The id of the object that runs an instance in a dev session."""
    key = hashlib.sha256(f"miniflare-workflows-{workflow}".encode()).digest()
    name = hmac.new(key, identity.encode(errors="surrogatepass"), hashlib.sha256).digest()[:_HALF]
    return (name + hmac.new(key, name, hashlib.sha256).digest()[:_HALF]).hex()


class InstanceObjects:
    """What is told of one instance."""

    def __init__(
        self, traced: TracedObjects, workflow: str, identity: str, others: Collection[str] = ()
    ) -> None:
        """`others` are instances of the workflow."""
        self._traced, self._own = traced, object_of(workflow, identity)
        self._workflow = workflow
        self._running = set(traced.runs.values())
        of_traces = (*traced.traces.values(), *traced.called.values())
        seen = {*traced.runs.values(), *(each for these in of_traces for each in these)}
        self.speak = self._own in seen or any(object_of(workflow, other) in seen for other in others)
        """Whether ids are told as they are known here: another version may make them in another way."""

    def has_traced_run(self, other: str) -> bool:
        """Whether a run is told to be another instance's."""
        return self.speak and object_of(self._workflow, other) in self._running

    def owners(self, run_of: Callable[[str], str]) -> dict[str, bool]:
        """Whether each run of which it is told is the instance's; `run_of` says in which a call was made."""
        found: dict[str, bool] = {}
        for call, held in self._traced.runs.items() if self.speak else ():
            run, is_own = run_of(call), held == self._own
            # Two calls of a run never say two things; if they did, nothing would be known.
            found[run] = is_own and found.get(run, True)
        return found

    def began_in(self, trace: str) -> tuple[bool, bool]:
        """Whether the instance was begun in a trace, and whether others were."""
        begun = self._traced.traces.get(trace, _NONE) if self.speak else _NONE
        own = self._own in begun
        return own, len(begun) > own

    def is_called_alone(self, trace: str) -> bool:
        """Whether it was the instance that was begun in a trace, for no other was so much as called there."""
        if not self.speak or trace in self._traced.traces:
            return False
        return self._traced.called.get(trace) == {self._own}

    def may_have_begun_alone(self, trace: str) -> bool:
        """Whether nothing says that another was begun in a trace, or one of another workflow."""
        begins = self._traced.begins.get(trace, {})
        return not begins or begins == {self._workflow: 1}
