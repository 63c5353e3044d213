"""What a bench says: one measured figure, beside a rival's from the same run."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Line", "alternately", "seconds"]


@dataclass(frozen=True, slots=True)
class Line:
    """`value` and `rival_value` share `unit`; smaller is better. `aim` is the ratio hoped for, 0 = none."""

    what: str
    value: float
    unit: str
    rival: str = ""
    rival_value: float = 0.0
    aim: float = 0.0

    def __str__(self) -> str:
        text = f"{self.what:<58}{self.value:>10.4g} {self.unit:<6}"
        if self.rival:
            ratio = self.value / self.rival_value if self.rival_value else float("inf")
            verdict = "" if not self.aim else " ok" if ratio <= self.aim else " MISSED"
            aim = f", aim {self.aim:g}" if self.aim else ""
            text += f"{self.rival:>34}{self.rival_value:>10.4g} {self.unit:<6} x{ratio:.2f}{aim}{verdict}"
        elif self.aim:
            text += (
                f"{'aim':>34}{self.aim:>10.4g} {self.unit:<6}{'ok' if self.value <= self.aim else 'MISSED'}"
            )
        return text


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def alternately(rounds: int, *measures: Callable[[], float]) -> list[float]:
    """The median of each measure, taken in turns so that a busy machine is as unkind to one as to another."""
    taken: list[list[float]] = [[] for _ in measures]
    for _ in range(rounds):
        for results, measure in zip(taken, measures, strict=True):
            results.append(measure())
    return [statistics.median(results) for results in taken]
