"""The kinds of step that the API names, each with what sets it apart; an unknown one is shown by its word."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

__all__ = ["KINDS", "OWN", "RUNS_CODE", "OutputType", "RestartType", "StepKind", "kind_of"]

RestartType = Literal["do", "sleep", "waitForEvent"]
OutputType = Literal["step", "waitForEvent"]


class StepKind(Struct, frozen=True):
    """What is true of every step of this `type`; of an unknown type nothing is taken for granted."""

    restart_type: RestartType | None = None
    """What `from` of a restart calls it, which is not its type (local explorer, getRestartFromStepParam).
    None for what the engine adds itself: a restart cannot begin there."""
    runs_code: bool = False
    """Whether it has attempts, each of which is work."""
    rests: Literal["", "sleeps", "waits"] = ""
    """What one does that only lets time pass: one stretch without attempts."""
    added: bool = False
    """Whether the engine adds it when it stops an instance; `step_count` leaves these out."""
    output_type: OutputType | None = None
    """What its full output is asked for by, beside its name (reference, Get step); None where it has none."""

    @property
    def keeps_output(self) -> bool:
        """Whether the API gives its full output under its name."""
        return self.output_type is not None


KINDS: Final[Mapping[str, StepKind]] = {
    # "do" is what the code calls a step, and what `from.type` of a restart wants; the answer says "step"
    # (reference, Change status).
    "step": StepKind("do", runs_code=True, output_type="step"),
    "sleep": StepKind("sleep", rests="sleeps"),
    "waitForEvent": StepKind("waitForEvent", rests="waits", output_type="waitForEvent"),
    "rollback": StepKind(runs_code=True, added=True),
    # It has a trigger alone: neither name nor times (reference, Get instance).
    "termination": StepKind(added=True),
}
_UNKNOWN: Final = StepKind()

# Sets, for thousands of steps are looked through at once.
OWN: Final = frozenset(word for word, kind in KINDS.items() if kind.restart_type)
"""What a Worker's code asks for itself."""
RUNS_CODE: Final = frozenset(word for word, kind in KINDS.items() if kind.runs_code)


def kind_of(word: str) -> StepKind:
    """The kind that the API's `type` names."""
    return KINDS.get(word, _UNKNOWN)
