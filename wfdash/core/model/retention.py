"""How long an instance is kept once it has ended, as its version's `default_retention` tells."""

from wfdash.core.model.retry import duration

__all__ = ["kept_for"]


def kept_for(default_retention: object, status: str) -> float | None:
    """Seconds; None where it does not say. It is a duration, or one each for a success and for an error."""
    told = default_retention
    if isinstance(told, dict):
        told = told.get("success_retention" if status == "complete" else "error_retention")
    return duration(told) if isinstance(told, int | float | str) else None
