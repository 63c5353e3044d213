"""What each verb may do to an instance in each status, and what became of it, in words.

The key bar, the palette, the prompt, the help and the one-shots all ask here, so that they cannot disagree.
"""

from typing import Final

from wfdash.core.model.detail import Detail
from wfdash.core.model.status import ACTIVE, PAUSED, STATUSES
from wfdash.core.verbs.consequences import StepTarget, of_pause_of_cut
from wfdash.core.verbs.settle import Judgement, StatusChange
from wfdash.core.verbs.verb import VERBS

__all__ = [
    "DESTROYS",
    "RESTARTS",
    "consequence",
    "deed",
    "destroys",
    "inverse",
    "is_grave",
    "leads_to",
    "phrase",
    "refusal",
    "same_meaning",
    "settled",
    "stake",
]

DESTROYS: Final = frozenset(verb.id for verb in VERBS.values() if verb.destroys)
RESTARTS: Final = frozenset(verb.id for verb in VERBS.values() if verb.restarts)
_STATUSES = frozenset(STATUSES)
# A dev session calls running what sleeps or waits, and the cloud's words for one instance change between two
# polls: no change of meaning.
_GROUPS = (
    frozenset({"running", "waiting"}),
    PAUSED,
)
_ROLLING_BACK = "it is rolling back, and what {} does then is not documented"


def phrase(verb: str) -> str:
    """The verb as people say it: `terminate with rollback`; a word of no verb as it is, as journals hold."""
    return VERBS[verb].label if verb in VERBS else verb


def deed(verb: str, what: str, *, of: str = "they", over: bool = False) -> str:
    """`paused 12`, of what has settled; else `pauses 12`, and `pause 12` where it is `you` who does it."""
    if verb not in VERBS:
        return f"{verb} {what}"
    does, did, how = VERBS[verb].deed
    word = did if over else does if of == "you" else _third(does)
    return f"{word} {what}{how}"


def _third(does: str) -> str:
    verb, _, rest = does.partition(" ")
    return f"{verb}s {rest}".rstrip()


def destroys(verb: str) -> bool:
    """Whether the verb loses work or history: confirmed by name on a production account."""
    return verb in DESTROYS


def is_grave(verb: str) -> bool:
    """Whether it destroys and nothing else. A redrive keeps what has finished, and is how one repairs."""
    return destroys(verb) and verb != "redrive"


def stake(verb: str) -> str:
    """Whether the verb can be taken back, and how; "" where the question does not arise."""
    if destroys(verb):
        does = "destroys" if is_grave(verb) else "runs steps again"
        return f"{does}: it cannot be taken back"
    return f"{back} takes it back" if (back := inverse(verb)) else ""


def inverse(verb: str) -> str:
    """The verb that takes this one back; "" where there is none."""
    return VERBS[verb].inverse if verb in VERBS else ""


def leads_to(verb: str) -> frozenset[str]:
    """The statuses that may follow when the verb took effect; for pause and rollback the way there too."""
    return VERBS[verb].leads_to if verb in VERBS else frozenset()


def refusal(
    verb: str, status: str, *, local: bool = False, watch_only: str = "", read_only: str = ""
) -> str | None:
    """Why the verb is off, or would do nothing, on an instance in this status; None when it may run.

    `watch_only` and `read_only` are reasons why nothing at all is written, "" when there is none. An unknown
    status refuses nothing: only the server can tell.
    """
    if read_only:
        return f"read-only: {read_only}"
    if watch_only:
        return f"this server can be watched, not written to: {watch_only}"
    # A status that came after this version may take any verb.
    if verb == "create" or status not in _STATUSES:
        return None
    if status == "rollingBack":
        # The reference says nothing of verbs during a rollback (November 2026).
        return _ROLLING_BACK.format(phrase(verb)) if VERBS[verb].changes_status else None
    return VERBS[verb].refuse(status, local)


def same_meaning(verb: str, before: str, now: str) -> bool:
    """Whether a person who confirmed the verb for `before` would confirm it for `now` unread."""
    if before == now:
        return True
    if not VERBS[verb].changes_status:
        return before in ACTIVE and now in ACTIVE
    return any(before in group and now in group for group in _GROUPS)


def settled(verb: str, *, before: str, answered: str, now: str, rerun: bool | None = None) -> Judgement:
    """Compares the intent with the status read last (`now`; at first, what the request `answered`).

    `answered` is "" when no answer came; `rerun` says whether a run began since (None: not seen).
    """
    return VERBS[verb].settle(StatusChange(phrase(verb), before, answered, now, rerun))


def consequence(
    verb: str, detail: Detail | None, *, step: StepTarget | None = None, cut: bool = False
) -> list[str]:
    """Sentences on what the verb does to this instance; general ones while its steps were not read.

    The name of a step to restart from is raw in them. `cut`: a dev session's reload cut what it did.
    """
    if cut and verb == "pause":
        return of_pause_of_cut()
    return VERBS[verb].consequence(detail if detail is not None and not detail.simple else None, step)
