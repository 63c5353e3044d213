"""What event to send to one instance or to many."""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from wfdash.api.errors import Refused
from wfdash.api.validate import check_event_type
from wfdash.core.model.instance import Instance
from wfdash.live.actions.input import NotSendable, read_payload, read_payloads
from wfdash.live.actions.plan import Plan, make_plan
from wfdash.ui.base.form import FormField, FormScreen
from wfdash.ui.context import Context

__all__ = ["SendEventScreen"]

_NAMED = 3
"""Instances that are named in the title; the prompt lists them all."""
_NO_PAYLOAD = "the file has no payload for it"


class SendEventScreen(FormScreen):
    """The form for an event's payload. Its targets are frozen when it opens."""

    def __init__(
        self, context: Context, workflow: str, rows: Sequence[Instance], event_type: str = ""
    ) -> None:
        super().__init__(context)
        self._workflow = workflow
        self._rows = tuple(rows)
        self._event_type = event_type

    def form_title(self) -> str:
        if len(self._rows) == 1:
            return f"send event to {self._rows[0].id}"
        named, rest = [row.id for row in self._rows[:_NAMED]], len(self._rows) - _NAMED
        more = [f"{rest} more"] if rest > 0 else []
        return f"send event to {len(self._rows)} instances: {', '.join([*named, *more])}"

    def form_fields(self) -> Sequence[FormField]:
        return (
            FormField("type", "event type", self._event_type, hint="letters, digits, - and _"),
            FormField(
                "payload", "payload", "{}", json=True, hint="JSON, or @FILE with an id and payload a line"
            ),
        )

    def typed_first(self) -> str:
        """The payload, where the event that is waited for is filled in."""
        return "payload" if self._event_type else "type"

    def make_plan(self) -> Plan:
        event_type = self.value("type")
        try:
            check_event_type(event_type, local=self.context.settings.local)
        except Refused as refused:
            raise NotSendable(refused.sentence if event_type else "the event type is missing") from None
        text = self.value("payload") or "{}"
        payload, payloads = None, None
        try:
            if text.startswith("@"):
                payloads = read_payloads(Path(text[1:]).expanduser(), {row.id for row in self._rows})
            else:
                payload = read_payload(text)
        except NotSendable as wrong:
            raise NotSendable(f"payload: {wrong}") from None
        plan = make_plan(
            "send_event",
            self._workflow,
            self._rows,
            now=self.context.clock(),
            guard=self.context.desk.guard,
            event_type=event_type,
            payload=payload,
        )
        plan = replace(plan, only_waiting=event_type == self._event_type, payloads=payloads)
        if payloads is None:
            return plan
        targets = (
            replace(target, reason=target.reason or ("" if target.id in payloads else _NO_PAYLOAD))
            for target in plan.targets
        )
        return replace(plan, targets=tuple(targets))
