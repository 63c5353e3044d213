"""What a pane says when it has nothing to show: one sentence, and one next step on the line below."""

from wfdash.core.text import clean
from wfdash.core.wording import count
from wfdash.live.state import Freshness

__all__ = ["empty_message"]


def empty_message(
    fresh: Freshness, *, workflow: str, filter: str, loaded: int, total: int | None, complete: bool
) -> str:
    """For a table without rows."""
    name = clean(workflow)
    if not workflow:
        return "No workflow is chosen yet.\nw lists all workflows; : goes to one by name."
    if fresh.answered_at is None:
        if fresh.failure:
            step = "wfdash keeps trying; ctrl+r tries now, and `wfdash doctor` says what to check."
            return f"{clean(fresh.failure)}\n{step}"
        return f"Asking for the instances of {name}.\nThe first rows come with the first answer."
    if filter and loaded:
        rest = "" if complete else f" of {count(total)}" if total else ", and there are more"
        return (
            f"None of the {count(loaded)} instances loaded{rest} matches {clean(filter)}.\n"
            "esc drops the filter; / changes it."
        )
    if fresh.failure:
        return f"{clean(fresh.failure)}\nwfdash keeps trying; ctrl+r tries now."
    return f"{name} has no instances.\nc creates one."
