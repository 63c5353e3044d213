"""Work that can be done in slices, so that a screen stays alive: done in one go, or between other turns."""

import asyncio
from collections.abc import Generator
from typing import TypeVar

__all__ = ["run_between_turns", "run_slices"]

T = TypeVar("T")


def run_slices(work: Generator[None, None, T]) -> T:
    """Runs a generator to its end without giving way, and returns its result."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result


async def run_between_turns(work: Generator[None, None, T]) -> T:
    """Runs a generator to its end, with a turn for keys and drawing after each slice; returns its result."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result
        await asyncio.sleep(0)
