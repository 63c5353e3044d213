"""The other dashboards on this account: tells them where this one is, and its person where they are."""

import asyncio
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from platformdirs import user_state_path
from textual.app import App

from wfdash.core.text.clean import clean
from wfdash.core.text.words import age, count, counted
from wfdash.core.verbs.rules import deed
from wfdash.live.records.batches import Batch
from wfdash.live.records.journal_entries import JournalEntry
from wfdash.live.records.person import full_name, is_own_login, person, seat, terminal
from wfdash.ui.context import Context

if TYPE_CHECKING:
    from wfdash.live.pairing.company import Company
    from wfdash.live.pairing.presence import PeerAction, Presence

__all__ = ["OtherPeople"]

_MOST_ACTIONS = 5
"""Actions of this dashboard that others are told of, the newest."""
_LATELY = 600.0
"""Seconds for which an action is worth telling."""
_JUST = 10.0
"""Seconds up to which an action is told without its time."""
_OVER = "over; their dashboard does not say how it ended"
_NAMED = 2
"""Others that the top line names; of more it tells the number."""


class OtherPeople:
    """Finds the other dashboards on this session's account and says what they do; off in the demo."""

    def __init__(self, app: App[int], context: Context) -> None:
        self._app = app
        self._context = context
        self._company: Company | None = None
        self._announced: set[tuple[str, str, float]] = set()
        self._troubled = False

    def begin(self) -> None:
        """Starts to look and to tell, once the session's account is known."""
        from wfdash.live.pairing.company import Company
        from wfdash.live.pairing.folder import PairingFolder
        from wfdash.live.pairing.presence import account_key

        settings, session = self._context.settings, self._context.session
        # The demo's account is everybody's: those who look at it would see each other.
        if settings.demo or session is None or not settings.kept_for:
            return
        shared = settings.pairing_folder
        folder = PairingFolder(
            shared or user_state_path("wfdash") / "here",
            account_key(settings.base_url, settings.kept_for),
            shared=shared is not None,
        )
        # A number alone may be another process's on another machine, where a folder is shared.
        identity = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._company = Company(
            folder,
            own=lambda: self._own(identity),
            on_change=self._changed,
            steady=asyncio.get_running_loop().time,
        )
        self._app.run_worker(self._company.run(), group="company", exclusive=True, exit_on_error=False)

    def _own(self, identity: str) -> "Presence":
        from wfdash.live.pairing.presence import PeerAction, Presence

        context = self._context
        workflow, instance = context.pages.place
        now = context.clock()
        return Presence(
            session=identity,
            who=person(),
            terminal=terminal(),
            seat=seat(),
            workflow=workflow,
            instance=instance,
            actions=tuple(
                PeerAction(
                    verb=progress.plan.verb,
                    workflow=progress.plan.workflow,
                    # Enough to warn whoever acts on the same; with 12,000 ids the file would be larger than
                    # others read.
                    ids=tuple(target.id for target in progress.plan.eligible[:100]),
                    count=len(progress.plan.eligible),
                    at=progress.asked_at,
                    over=progress.answered,
                    came_to=", ".join(words for _, words in progress.words()),
                )
                for progress in context.desk.actions[-_MOST_ACTIONS:]
                if progress.plan.eligible and now - progress.asked_at < _LATELY
            ),
        )

    def _changed(self) -> None:
        """Says what somebody has begun since the last look, and where the others are now."""
        if self._company is None:
            return
        # What is no longer told by anybody may be forgotten, or a dashboard of weeks would keep each action.
        self._announced &= {
            (other.session, action.verb, action.at)
            for other in self._company.others
            for action in other.actions
        }
        for other in self._company.others:
            for action in other.actions:
                if (key := (other.session, action.verb, action.at)) not in self._announced:
                    self._announced.add(key)
                    self._context.notify(self._news(other, action))
        if self._company.trouble and not self._troubled:
            # Once: a folder that cannot be written will not be for as long as it is so.
            self._troubled = True
            self._context.notify(self._company.trouble, severity="warning")

    def _news(self, other: "Presence", action: "PeerAction") -> str:
        """Who does what, and when where that is not just now: whoever starts is told of the last minutes."""
        old = max(0.0, self._context.clock() - action.at)
        when = f", {age(old)} ago" if old >= _JUST else ""
        what = f"{_what(action)} in {clean(action.workflow)}"
        if action.over:
            # What was asked for need not be what came of it.
            came_to = f": {clean(action.came_to)}" if action.came_to else ""
            return f"{_full_name(other)} asked to {clean(deed(action.verb, what, of='you'))}{when}{came_to}"
        return f"{_full_name(other)} {clean(deed(action.verb, what))}{when}"

    @property
    def places(self) -> Sequence[tuple[str, str]]:
        """Where the others are, as `:` takes it, each with who is there; raw."""
        others = self._company.others if self._company is not None else ()
        return [(other.place, _name(other)) for other in others if other.workflow]

    def words(self) -> Sequence[str]:
        """Who is here and where, cleaned; the longest way to say it first, none where nobody is."""
        others = self._company.others if self._company is not None else ()
        if not others:
            return ()
        names = [_name(other) for other in others]
        if len(set(names)) < len(names):
            # With the terminal where two have one name: which of them is where is the reason to say it at
            # all.
            names = [_name(other, apart=True) for other in others]
        users = list(dict.fromkeys(clean(other.user, 40) for other in others))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        at = [
            f"{name}: {clean(other.place, 60)}" if other.place else name
            for name, other in zip(names, others, strict=True)
        ]
        # The workflow on screen needs no second naming.
        here = self._context.pages.place[0]
        near = [
            f"{name}: {clean(other.instance, 60)}" if other.instance and other.workflow == here else place
            for name, other, place in zip(names, others, at, strict=True)
        ]
        return (
            f"with {', '.join(at[:_NAMED])}{more}",
            f"with {', '.join(near[:_NAMED])}{more}",
            f"with {', '.join(names[:_NAMED])}{more}",
            # Without the terminals: in which of them one of the same login is has less room than a name.
            f"with {', '.join(users[:_NAMED])}{f' and {len(users) - _NAMED} more' * (len(users) > _NAMED)}",
            f"with {counted(len(names), 'other')}",
        )

    def actions(self) -> Sequence[Batch]:
        """What the others did of late, as their dashboards say it; raw."""
        others = self._company.others if self._company is not None else ()
        return [
            Batch([_entry(other, action, identity) for identity in action.ids or ("",)])
            for other in others
            for action in other.actions
        ]

    def warnings(self, workflow: str, ids: Sequence[str]) -> list[str]:
        """Who is acting on some of these just now, a sentence each, cleaned."""
        if self._company is None:
            return []
        now = self._context.clock()
        return [
            f"{_full_name(other)} {clean(deed(action.verb, _how_many(action, both, len(ids))))}, "
            f"begun {f'{age(old)} ago' if (old := max(0.0, now - action.at)) >= _JUST else 'just now'}"
            for other, action, both in self._company.acting_on(workflow, ids)
        ]


def _how_many(action: "PeerAction", both: int, asked: int) -> str:
    """`this one`, `3 of these`; `at least` where another dashboard names only the first ids of many."""
    if asked == 1:
        return "this one"
    return f"{'at least ' if action.count > len(action.ids) else ''}{count(both)} of these"


def _entry(other: "Presence", action: "PeerAction", identity: str) -> JournalEntry:
    return JournalEntry(
        at=action.at,
        session=f"{other.session} {action.at}",
        plan="",
        # In the words of their dashboard: what came of it, only that one has seen.
        event=action.came_to or (_OVER if action.over else "under way"),
        verb=action.verb,
        workflow=action.workflow,
        id=identity,
        who=other.who,
        seat=other.seat,
    )


def _name(other: "Presence", *, apart: bool = False) -> str:
    """The other's user, and the terminal too where the user is our own: two people may share one login.

    `apart` where two of them have the same user.
    """
    who = clean(other.user, 40)
    if not apart and not is_own_login(other.who):
        return who
    return f"{who} on {clean(other.terminal, 20)}" if other.terminal else f"{who} elsewhere"


def _full_name(other: "Presence") -> str:
    """The other's name with all that tells two people of one login apart."""
    seat = other.seat[:60] or other.terminal[:20]
    return clean(full_name(other.who[:40], seat)) if seat else _name(other)


def _what(action: "PeerAction") -> str:
    return clean(action.ids[0], 40) if action.count == 1 and action.ids else count(action.count)
