"""`:`: go to a workflow, an instance, or what a dashboard URL names. Nothing else is taken here."""

from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from wfdash.api.errors import WorkflowsError
from wfdash.core.handoff.address import Address, AddressError, parse_address
from wfdash.core.text.clean import clean
from wfdash.ui.base.panel import PanelScreen, Title
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.status_line import StatusLine
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET

if TYPE_CHECKING:
    from wfdash.live.reads.reads import Reads

__all__ = ["GotoScreen"]


class GotoScreen(PanelScreen):
    """Goes where what is typed names; tab completes it to a workflow, or to where another dashboard is."""

    BINDINGS = bindings("pane.next")
    DEFAULT_CSS = "GotoScreen Field { margin: 0 1; }"

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Title()
            yield Field(placeholder="WORKFLOW, WORKFLOW/ID, an instance id or a dashboard URL")
            yield StatusLine(id="note")

    def on_mount(self) -> None:
        self.query_one(Field).focus()
        self.call_after_refresh(self._hint)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._hint(event.value)

    def action_pane_next(self) -> None:
        """Completes what is typed to the first of the places that are offered."""
        field = self.query_one(Field)
        if offered := self._offered(field.value):
            field.value = offered[0][0]
            field.cursor_position = len(field.value)

    def _offered(self, typed: str) -> list[tuple[str, str]]:
        """Raw places that hold what is typed, each with who is there: the others', then the workflows."""
        workflows = [(workflow.name, "") for workflow in self.poller.counts.workflows] if self.poller else []
        places = [*self.context.people.places, *workflows]
        return [(place, who) for place, who in places if typed.lower() in place.lower()]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            address = parse_address(event.value)
        except AddressError as error:
            self._fail(str(error))
            return
        if refusal := self._foreign(address.account):
            self._fail(refusal)
        elif address.workflow:
            self._go(address)
        else:
            self._find(address.word)

    def _foreign(self, theirs: str) -> str:
        """Why an account is not to be gone to from here, naming both; "" for the one in use, or none."""
        settings = self.context.settings
        if not theirs or theirs.lower() == settings.account_id.lower():
            return ""
        ours = settings.account_id or ("none: a dev session" if settings.local else "not known yet")
        key = self.context.keys.key_of("profile.open")
        return f"this URL is of account {theirs}; the one in use is {ours}. {key} changes the profile"

    def _find(self, word: str) -> None:
        """A single word: a workflow if there is one of that name, else an instance of the one shown."""
        session, here = self.context.session, self.context.pages.listing.workflow
        if session is None:
            self._fail("there is no connection yet")
            return
        poller = session.poller
        if any(workflow.name == word for workflow in poller.counts.workflows):
            self._go(Address(workflow=word))
        elif word in poller.store:
            self._go(Address(workflow=here, instance=word))
        else:
            self._ask(session.reads, word, here)

    @work(exclusive=True, exit_on_error=False)
    async def _ask(self, reads: "Reads", word: str, here: str) -> None:
        try:
            there = await reads.has_workflow(word)
        except WorkflowsError as error:
            self.call_later(self._fail, error.sentence)
            return
        if there:
            self.call_later(self._go, Address(workflow=word))
        elif here:
            self.call_later(self._go, Address(workflow=here, instance=word))
        else:
            self.call_later(self._fail, f"there is no workflow {word}")

    def _go(self, address: Address) -> None:
        context = self.context
        if address.instance:
            context.pages.show_instance(address.workflow, address.instance)
        else:
            context.pages.show_workflow(address.workflow)

    def _hint(self, typed: str = "") -> None:
        self.query_one(Title).name_it(
            "Go to", f"enter goes, {self.context.keys.key_of('layer.close')} closes"
        )
        words = [f"{place[:80]} ({who})" if who else place for place, who in self._offered(typed)[:20]]
        none = ""
        if typed:
            # Of an account whose list was not read only the workflow that is open is known here.
            is_read = self.poller is not None and self.poller.counts.all_at is not None
            none = "enter looks for a workflow of that name, or for an instance"
            if is_read:
                none = "no workflow holds this: enter looks for one of that name, or for an instance"
        self.query_one("#note", StatusLine).show([(" " + (clean("  ".join(words)) or none), QUIET)])

    def _fail(self, sentence: str) -> None:
        self.query_one("#note", StatusLine).show([(" ", PLAIN), (clean(sentence), BAD)])
