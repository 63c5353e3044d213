"""What the writing commands print: one object an id, and the exit code of them all."""

from collections.abc import Iterable

from platformdirs import user_state_path

from wfdash.core.moment import iso
from wfdash.live.journal import Journal
from wfdash.live.operator import Operator
from wfdash.live.plan import Plan, Progress, Result
from wfdash.oneshot.ending import Stop
from wfdash.oneshot.print import json_line
from wfdash.oneshot.session import Session

__all__ = ["Printer", "exit_code", "operator_of"]

_WORST_FIRST = (4, 3, 2, 5, 1)


def exit_code(codes: Iterable[int]) -> int:
    """Of several ids, the one a script must look at first: unknown, then credentials, network, refusals."""
    found = set(codes)
    return next((code for code in _WORST_FIRST if code in found), max(found, default=0))


def operator_of(session: Session) -> Operator:
    """What sends, with its journal. Raises Stop (2) where nothing may be written."""
    settings = session.settings
    if settings.read_only:
        raise Stop(
            f"nothing is written: {settings.sources.get('read_only', 'the settings say')} read-only", 2
        )
    account = settings.account_id or str(getattr(session.api, "account_id", ""))
    journal = Journal(
        user_state_path("wfdash"), profile=settings.profile_name, account=account, clock=session.clock
    )
    return Operator(session.api, budget=session.budget, journal=journal, clock=session.clock)


class Printer:
    """Prints each result once, as it comes; after an interruption, what is known of the others."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._stages = {
            target.id: Progress(plan.key, plan.at, plan.workflow, target.id, plan.verb, "", 0, 0)
            for target in plan.targets
        }

    def told(self, event: Progress | Result) -> None:
        if isinstance(event, Result):
            self._stages.pop(event.id, None)
            self.print(event)
        elif event.id in self._stages and (event.status or event.stage in ("sent", "answered")):
            self._stages[event.id] = event

    def print(self, result: Result) -> None:
        json_line(
            {
                "at": iso(result.at),
                "workflow": result.workflow,
                "id": result.id,
                "verb": result.verb,
                "before": result.before or None,
                "answered": result.answered or None,
                "after": result.after or None,
                "outcome": result.outcome,
                "error": result.error or None,
            }
        )

    def interrupted(self, at: float) -> None:
        """Ids whose result never came: sent ones are unknown, the others were not sent."""
        for last in self._stages.values():
            sent = last.stage in ("sent", "answered", "following")
            self.print(
                Result(
                    self.plan.key,
                    at,
                    self.plan.workflow,
                    last.id,
                    self.plan.verb,
                    "",
                    "",
                    last.status if last.stage == "following" else "",
                    "unknown" if sent else "skipped",
                    "interrupted before it settled" if sent else "interrupted before it was sent",
                )
            )
