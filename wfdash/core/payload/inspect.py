"""What the inspector shows of a step and of its instance, as one JSON value."""

from collections.abc import Mapping
from typing import Any, Final

from wfdash.core.model.detail import Detail
from wfdash.core.model.step_kind import kind_of
from wfdash.core.payload.tree import Path

__all__ = ["index_in", "inspection", "opened", "step_query"]

_FIRST: Final = ("error", "output", "attempts", "config")
_IDENTIFYING: Final = ("name", "type")
_INSTANCE: Final = ("error", "output", "params", "rollback", "schedule", "trigger", "versionId", "status")


def inspection(detail: Detail, step: int | None) -> dict[str, Any]:
    """The step's own entry, most telling keys first, then the instance's. Values are the API's, untouched."""
    shown: dict[str, Any] = {}
    raw = detail.steps[step].raw if step is not None and 0 <= step < len(detail.steps) else None
    if isinstance(raw, Mapping):
        shown.update((key, raw[key]) for key in _FIRST if key in raw and raw[key] is not None)
        shown.update(
            (key, value) for key, value in raw.items() if key not in shown and key not in _IDENTIFYING
        )
    elif raw is not None:
        shown["entry"] = raw
    shown["instance"] = {key: detail.raw[key] for key in _INSTANCE if key in detail.raw}
    return shown


def index_in(detail: Detail, before: Detail, step: int) -> int | None:
    """Where a step of an earlier answer is in this one; None when it, or this run of it, is not there."""
    if not 0 <= step < len(before.steps):
        return None
    old, columns = before.steps[step], detail.steps.columns

    def is_it(index: int) -> bool:
        same = columns.kinds[index] == old.kind and columns.names[index] == old.name
        return same and (old.start is None or columns.starts[index] == old.start)

    return next(
        (
            index
            for index in (step, *range(len(columns.names)))
            if index < len(columns.names) and is_it(index)
        ),
        None,
    )


def opened(shown: Mapping[str, Any]) -> list[Path]:
    """What is unfolded at first: the error, the output and the last attempt."""
    paths: list[Path] = [("error",), ("output",)]
    attempts = shown.get("attempts")
    # Of more the last one would be unfolded far below the end of the screen.
    if isinstance(attempts, list) and 0 < len(attempts) <= 20:
        paths += [("attempts",), ("attempts", len(attempts) - 1), ("attempts", len(attempts) - 1, "error")]
    if len(shown) == 1:
        paths += [("instance",), ("instance", "params"), ("instance", "output"), ("instance", "error")]
    return paths


def step_query(detail: Detail, step: int | None) -> tuple[str, str] | None:
    """The name and type under which the API gives the step's full output; None when it gives none."""
    if step is None or not 0 <= step < len(detail.steps):
        return None
    asked = detail.steps[step]
    return (asked.name, asked.kind) if kind_of(asked.kind).keeps_output and asked.name else None
