"""What instance to create: one with params, or many out of a file."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wfdash.api.errors import Refused
from wfdash.api.interface import NewInstance
from wfdash.api.validate import check_instance_id
from wfdash.core.model.step import ABSENT
from wfdash.live.actions.input import NotSendable, propose_id, read_batch, read_value
from wfdash.live.actions.plan import Plan, make_creation
from wfdash.ui.base.form import FormField, FormScreen
from wfdash.ui.context import Context

__all__ = ["CreateScreen"]


class CreateScreen(FormScreen):
    """The form for a new instance with an id nobody has; `params` are those of one that is run again."""

    def __init__(self, context: Context, workflow: str, params: Any = ABSENT, like: str = "") -> None:
        super().__init__(context)
        self._workflow = workflow
        self._params = "" if params is ABSENT else json.dumps(params)
        self._like = like
        self._proposed = ""

    def _propose(self) -> str:
        poller = self.poller
        return propose_id(self._workflow, lambda identity: poller is not None and identity in poller.store)

    def form_title(self) -> str:
        like = f" with the params of {self._like}" if self._like else ""
        return f"create an instance of {self._workflow}{like}"

    def form_fields(self) -> Sequence[FormField]:
        # The same id for as long as the form is open: a repeat after a lost answer is told by the id
        # (AlreadyExists).
        self._proposed = self._proposed or self._propose()
        return (
            FormField("id", "id", self._proposed),
            FormField("params", "params", self._params, json=True, hint="JSON, @FILE, or nothing"),
            FormField(
                "file", "or a batch", hint="a file, JSON array or NDJSON of {id, params}: creates them all"
            ),
        )

    def make_plan(self) -> Plan:
        return make_creation(
            self._workflow, self._new(), now=self.context.clock(), guard=self.context.desk.guard
        )

    def _new(self) -> list[NewInstance]:
        if name := self.value("file"):
            return read_batch(Path(name).expanduser(), propose=self._propose)
        identity, params = self.value("id"), self.value("params")
        try:
            check_instance_id(identity)
        except Refused as refused:
            raise NotSendable(refused.sentence) from None
        if not params:
            return [NewInstance(identity)]
        try:
            return [NewInstance(identity, read_value(params), True)]
        except NotSendable as wrong:
            raise NotSendable(f"params: {wrong}") from None
