"""How long an instance is kept once it has ended, as its version's `default_retention` tells."""

from wfdash.core.model.retry import duration

__all__ = ["kept_for"]


def kept_for(default_retention: object, status: str) -> float | None:
    """Seconds; None where it does not say. It is a duration, or one each for a success and for an error."""
    retention = default_retention
    if isinstance(retention, dict):
        retention = retention.get("success_retention" if status == "complete" else "error_retention")
    return duration(retention) if isinstance(retention, int | float | str) else None
