"""The ends of every top line: whose data it is and what guards it, and who acted last."""

from collections.abc import Sequence

from wfdash.core.text.clean import clean, fit
from wfdash.core.text.words import age, clock, count, spoken
from wfdash.core.verbs.rules import deed, phrase
from wfdash.live.records.last_action import Done
from wfdash.live.records.person import full_name, name_of
from wfdash.ui.context import Context
from wfdash.ui.widgets.header import RECORD, Identity
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import QUIET

__all__ = ["identity_of", "last_pieces", "place_pieces"]

_RECENT = 900.0
"""Seconds for which an action is the last one worth a word."""
_WITH_PLACE = 2
"""Of the ways to say who is here, those that say where."""


def identity_of(context: Context, subject: str) -> Identity:
    """The identity in the top line of every screen; `subject` is the workflow or the page."""
    settings, session, guard = context.settings, context.session, context.desk.guard
    badges = [f"DEMO {settings.demo}"] if settings.demo else []
    if context.past is not None:
        now = context.now
        at = clock(context.past, utc=context.utc, now=now)
        # Several answers may come within a second: a step to the next one must be seen.
        position = f" ({context.past_position})" if context.past_position else ""
        apart = now - context.past
        ago = f"{spoken(apart)} ago" if apart >= 0 else f"{spoken(-apart)} ahead"
        badges = [f"{RECORD}{at}{position}, {ago}"]
    if context.in_production:
        badges.append("PRODUCTION")
    if settings.read_only or (session is not None and guard.read_only):
        badges.append("read-only")
    elif guard.watch_only:
        badges.append("watch only")
    if session is not None and (ahead := session.skew.seconds):
        badges.append(f"clock {age(abs(ahead))} {'ahead' if ahead > 0 else 'behind'}")
    where = settings.profile_name or ("local" if settings.local else settings.account_id[:8])
    return Identity(subject, "" if settings.demo else where, settings.colour, tuple(badges))


def last_pieces(context: Context, now: float) -> Sequence[Pieces]:
    """Who else is here, and the last action for a while after it; the longest way to say it first."""
    done, here, session = context.desk.last_done(), context.people.words(), context.session
    if done is None or now - done.at > _RECENT:
        return [[(word, QUIET)] for word in here]
    what = clean(done.id, 40) or _how_many(done)
    # What was in vain, or is none of those below, is told as that in few words too.
    shortest = f"{phrase(done.verb)} {done.without_effect}".rstrip()
    if session is not None and done.workflow != session.poller.workflow:
        what = f"{what} of {clean(done.workflow, 30)}"
        shortest = f"{shortest} in {fit(clean(done.workflow, 60), 12, cut='middle').rstrip()}"
    ago = f"{age(now - done.at)} ago"
    words: tuple[str, ...] = tuple(
        dict.fromkeys(
            (
                f"{_did(done, clean(full_name(done.who, done.seat)), what)}, {ago}",
                f"{_did(done, who := clean(name_of(done.who), 60), what)}, {ago}",
                f"{who or 'you'}: {shortest} {ago}",
            )
        )
    )
    if here:
        # Who is here matters longer than what was done: it is what stays where there is little room.
        words = (*(f"{here[0]} · {word}" for word in words), *here)
    return [[(word, QUIET)] for word in words]


def _how_many(done: Done) -> str:
    """How many an action was on: `12`, `11 of 12`, or `many` where that is not known."""
    if not done.asked:
        return "many"
    took = done.done if done.over and not done.without_effect else done.asked
    return count(done.asked) if took == done.asked else f"{count(took)} of {count(done.asked)}"


def _did(done: Done, who: str, what: str) -> str:
    """`you paused 12`, `root on pts/4 pauses 12`; of an action without effect, that it was asked for."""
    of = "they" if who else "you"
    if done.without_effect:
        return f"{who or 'you'} asked to {deed(done.verb, what, of='you')}: {done.without_effect}"
    return f"{who or 'you'} {deed(done.verb, what, of=of, over=done.over)}"


def place_pieces(context: Context) -> Sequence[Pieces]:
    """Who else is here and where, as `last_pieces` has it among its words; nothing where nobody is."""
    return [[(word, QUIET)] for word in context.people.words()[:_WITH_PLACE]]
