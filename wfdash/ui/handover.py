"""What a shift gathers and hands over: watched instances, notes, what was done, what was seen to change."""

from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_path

from wfdash.core.triage.error_groups import blame
from wfdash.core.triage.headline import Evidence, headline
from wfdash.core.verbs.rules import phrase
from wfdash.live.actions.progress import ActionProgress
from wfdash.live.records.notes import SessionStory
from wfdash.live.records.pins import Pin, Pins, PinState
from wfdash.ui.context import Context
from wfdash.ui.instances.columns import order_of, sort_of

if TYPE_CHECKING:
    from wfdash.core.handoff.handover import Handover
    from wfdash.live.watcher import Watcher

__all__ = ["Shift"]


class Shift:
    """Keeps notes, watched instances and handover, outliving every screen; none on disk in the demo."""

    def __init__(self, context: Context, handover: "Handover | None" = None) -> None:
        self._context = context
        folder: Path | None = None if context.settings.demo else user_state_path("wfdash")
        self.pins = Pins(folder / "watched.json" if folder else None)
        self.story = SessionStory(folder / "notes.jsonl" if folder else None, account=lambda: self.account)
        self.unseen = 0
        """Changes of watched instances since the last key."""
        self._announced: set[str] = set()
        self._titled = False
        self._announced_trouble = False
        self._handover = handover

    @property
    def account(self) -> str:
        return self._context.settings.kept_for

    def pin(self, workflow: str, identity: str) -> Pin:
        return Pin(self.account, workflow, identity)

    def begin(self) -> None:
        """Starts with the session: follows what is watched, and stands where the last shift stood."""
        if self.pins.trouble and not self._announced_trouble:
            self._announced_trouble = True
            self._context.notify(self.pins.trouble, severity="warning")
        self.follow()
        settings, handover = self._context.settings, self._handover
        # Whether it is of this account is not known yet: it is looked at again once an answer told the
        # account.
        if handover is None or (handover.account_id and not settings.kept_for):
            return
        self._handover = None
        # Ids are unique within a workflow alone: in another account its marks would be other people's
        # instances.
        if handover.account_id.lower() not in ("", settings.account_id.lower()):
            ours = settings.account_id or "a dev session"
            sentence = (
                f"the handover is of account {handover.account_id}, this is {ours}: nothing of it was taken"
            )
            self._context.notify(sentence, severity="warning")
            return
        for workflow, identity in handover.pins:
            self.pins.add(self.pin(workflow, identity))
        self.story.entries.extend(handover.story)
        self.follow()
        # With -w somebody may have asked for another workflow, in whose list its marks mean nothing.
        if handover.workflow == self._context.pages.listing.workflow:
            self._context.pages.listing.marks.mark(handover.marks)
            self._context.pages.listing.set_order(order_of(handover.sort))
        self._greet(handover)

    def _greet(self, handover: "Handover") -> None:
        """Says what the last shift left, for its notes are on no open page, and whether it came whole."""
        context, story = self._context, len(handover.story)
        key_of = context.keys.key_of
        brought = [f"{story:,} in its story ({key_of('note.write')})"] if story else []
        brought += [f"{len(handover.pins):,} watched ({key_of('watched.open')})"] if handover.pins else []
        said = f"handed over {context.time_of(handover.written_at, zone=True)}"
        said += f": {', '.join(brought)}" if brought else ""
        if handover.loss:
            context.notify(f"the handover was cut: {handover.loss}; {said}", severity="warning")
        else:
            context.notify(said)

    def follow(self) -> None:
        """Tells the poller which instances are watched."""
        session = self._context.session
        if session is not None:
            session.poller.watched.follow([pin for pin in self.pins if pin.account == self.account])

    def adopt(self) -> None:
        """Takes what was watched before the only account was known into that account."""
        self.pins.adopt(self.account)
        self.begin()

    def toggle(self, workflow: str, identity: str) -> None:
        """Watches an instance, or stops watching it, and says which. In a record nothing changes any more."""
        if self._context.past is not None:
            self._context.notify("a record stands still: nothing in it can be watched", severity="warning")
            return
        watched = self.pins.toggle(self.pin(workflow, identity))
        self.follow()
        key = self._context.keys.key_of("watched.open")
        said = f"watching {identity} · {key} lists all" if watched else f"no longer watching {identity}"
        trouble = self.pins.trouble
        self._context.notify(trouble or said, severity="warning" if trouble else "information")

    def watched_changed(self, state: PinState) -> None:
        """A watched instance moved: ring, say it, count it in the terminal's title until a key is pressed."""
        self.unseen += 1
        moved = f"{state.before}, now {state.status}"
        self.story.tell(self._context.clock(), "change", moved, workflow=state.pin.workflow, id=state.pin.id)
        # Rung and in the title: a dashboard on a second screen is heard, and one in another tab is seen.
        self._context.terminal.bell()
        key = self._context.keys.key_of("watched.open")
        sentence = f"watched {state.pin.id}: was {moved}; {key} lists them"
        self._context.notify(sentence, severity="warning")
        self._title(f"wfdash: {self.unseen} changed")

    def seen(self) -> None:
        """Ends the count of changes in the terminal's title: a person is there."""
        if self.unseen:
            self.unseen = 0
            self._title("wfdash")

    def acted(self, progress: ActionProgress) -> None:
        """Notes an action in the story once it has come to its end."""
        # Once, at the end: the story is read by the next shift, which wants what came of it and not each
        # step.
        if progress.plan.key in self._announced or not progress.over:
            return
        self._announced.add(progress.plan.key)
        plan = progress.plan
        identity = plan.targets[0].id if progress.single else ""
        text = f"{phrase(plan.verb)}: {', '.join(words for _, words in progress.words())}"
        self.story.tell(self._context.clock(), "action", text, workflow=plan.workflow, id=identity)

    def _title(self, words: str) -> None:
        """Names the terminal's window. The name it had is kept by the terminal and given back at the end."""
        # XTWINOPS 22 and 23 push and pop the title; a terminal that knows neither ignores both.
        keep = "" if self._titled else "\x1b[22;2t"
        self._titled = True
        self._context.terminal.write(f"{keep}\x1b]2;{words}\x07")

    def end(self) -> None:
        """Gives the terminal's title back."""
        if self._titled:
            self._context.terminal.write("\x1b[23;2t")

    def handover(self) -> "Handover":
        """Where the person stands now, and all that was gathered."""
        from wfdash.core.handoff.handover import Handover

        context, now = self._context, self._context.clock()
        listing, session = context.pages.listing, context.session
        if session is not None:
            self._note_cause(session.poller, listing.workflow)
        return Handover(
            now,
            account_id=context.settings.account_id,
            profile=context.settings.profile_name,
            workflow=listing.workflow,
            instance=listing.instance or "",
            filter=listing.query.text,
            sort=sort_of(listing.order),
            pins=[(pin.workflow, pin.id) for pin in self.pins if pin.account == self.account],
            marks=list(listing.marks.ids),
            story=list(self.story),
        )

    def _note_cause(self, poller: "Watcher", workflow: str) -> None:
        """Why instances failed goes into the story, as old as what it rests on."""
        from wfdash.core.history.rate.trend import last_trend

        samples, now = poller.error_samples, self._context.clock()
        failures = samples.failures
        if failures.read_at is None or not failures.groups:
            return
        rows, both, _ = samples.compared.rows()
        read, total = samples.progress
        versions = poller.versions.appeared
        trend = last_trend(rows, now=now, deployed=versions)
        evidence = Evidence(read, total, blame(both, now), rows, versions, samples.since_found, trend=trend)
        said = headline(failures.groups, evidence, now=failures.read_at).sentence
        self.story.tell(failures.read_at, "cause", said, workflow=workflow)
