"""What event to send to one instance or to many."""

from collections.abc import Sequence

from wfdash.api.errors import Refused
from wfdash.api.validate import check_event_type
from wfdash.core.model.instance import Instance
from wfdash.live.actions.input import NotSendable, read_payload
from wfdash.live.actions.plan import Plan, make_plan
from wfdash.ui.base.form import FormField, FormScreen
from wfdash.ui.context import Context

__all__ = ["SendEventScreen"]


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
        many = f"{len(self._rows)} instances"
        return f"send event to {self._rows[0].id if len(self._rows) == 1 else many}"

    def form_fields(self) -> Sequence[FormField]:
        return (
            FormField("type", "event type", self._event_type, hint="letters, digits, - and _"),
            FormField("payload", "payload", "{}", json=True, hint="JSON"),
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
        try:
            payload = read_payload(self.value("payload") or "{}")
        except NotSendable as wrong:
            raise NotSendable(f"payload: {wrong}") from None
        return make_plan(
            "send_event",
            self._workflow,
            self._rows,
            now=self.context.clock(),
            guard=self.context.desk.guard,
            event_type=event_type,
            payload=payload,
        )
