"""What a prompt says: the targets, what will be lost, what is skipped and why, and what confirms it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from textwrap import wrap

from msgspec import Struct, field
from rich.style import Style

from wfdash.api.interface import NewInstance
from wfdash.api.validate import production_doubt
from wfdash.core.model.detail import Detail
from wfdash.core.payload.tree import summary
from wfdash.core.text.clean import cells, clean, distinguishable, fit
from wfdash.core.text.words import age, count, counted, estimated, spoken
from wfdash.core.verbs.consequences import StepTarget
from wfdash.core.verbs.rules import RESTARTS, consequence, destroys, is_grave, phrase
from wfdash.live.actions.ending import CANARY_WITHIN
from wfdash.live.actions.plan import Plan, Target
from wfdash.live.budget.ledger import ACTIONS
from wfdash.ui.actions.redrive_table import (
    RedriveAnswers,
    column_width,
    redrive_lines,
    redrive_warnings,
    twice_sentence,
)
from wfdash.ui.base.dialog import foot_lines, scrolled
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import ACCENT, BAD, PLAIN, QUIET, STRONG, WARN, look

_CANCEL = " cancel, nothing is sent"
__all__ = ["Asking", "expected_text", "prompt_lines", "said_lines", "shown_names", "title_pieces"]


class Asking(Struct):
    """The state of a prompt that is drawn; `statuses` are the ones read last, by id."""

    plan: Plan
    now: float
    production: bool = False
    details: Mapping[str, Detail] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    """Of those that would be sent, the status of each that means something else by now: it is skipped."""
    reading: bool = False
    typed: str = ""
    hint: str = ""
    over: str = ""
    """Why nothing can be sent any more: then only esc is left."""
    sending: bool = False
    journal_trouble: str = ""
    others: Sequence[str] = ()
    """Who else is acting on some of these, a cleaned sentence each."""
    refused: Sequence[str] = ()
    """Why the verb would do nothing, of a plan that is asked all the same."""
    answers: RedriveAnswers = field(default_factory=RedriveAnswers)
    local: bool = False
    guarded: bool = False
    """Whether nothing at all may be written: that is no refusal of a status, and cannot be insisted on."""
    cut: bool = False
    """Whether a reload of the dev session cut what the one target did."""
    notes: Sequence[str] = ()
    """What else is known of the batch that this goes on with."""
    top: int = 0
    """The first target shown."""
    in_full: bool = False
    """Whether all that is said of the targets stands in place of them."""
    top_said: int = 0
    """The first line shown of that."""
    bounds: str = ""
    """What the config says of how fast many are sent, in a sentence."""
    takes: float = 0.0
    """Seconds that sending takes at the least, since only so many requests of actions may go."""

    @property
    def rolled_back(self) -> Sequence[Target]:
        """Targets that a redrive skips since their steps were undone: a restart begins them anew."""
        return [target for target in self.plan.skipped if target.undone]

    @property
    def expected(self) -> str:
        """What has to be typed before y."""
        lost = bool(self.journal_trouble)
        return expected_text(self.plan, production=self.production, unrecorded=lost)

    @property
    def first(self) -> int:
        """The number of a `first 5` that is typed, be it too large; else 0."""
        found = _CANARY.match(self.typed)
        return int(found[1]) if found else 0

    @property
    def canary(self) -> int:
        """How many are sent first, where `first 5` is typed and can be; else 0."""
        many = len(self.plan.eligible)
        return self.first if self.plan.verb in RESTARTS and 0 < self.first < many else 0

    @property
    def goal(self) -> str:
        """The whole text that is being typed: the count, or `first 5`, with what follows either."""
        if not self.canary:
            return self.expected
        rest = self.expected.partition(" ")[2]
        return f"first {self.canary}{f' {rest}' if rest else ''}"

    @property
    def is_typed(self) -> bool:
        """Whether all is typed that y waits for; a space behind it, as one writes `319 y`, is no fault."""
        return self.typed.rstrip(" ") == self.goal


_CANARY = re.compile(r"first ([0-9]{1,6})(?= |$)")
UNRECORDED = "unrecorded"
"""Typed to go on where the journal cannot be written."""
_IT_IS = "it is "
_CANARY_OFFERED = 5
"""Targets from which `first 5` is offered: of fewer all would be among the first."""
_LONG = 60.0
"""Seconds from which it is worth telling how long sending takes."""
_AROUND_ROWS = 2
"""Lines that a table of steps takes beside its rows: its title, and which of them are shown."""


def expected_text(plan: Plan, *, production: bool, unrecorded: bool = False) -> str:
    """What has to be typed before y: the count of many, in production the name for what destroys.

    A word of its own where the journal cannot be written.
    """
    words = []
    if len(plan.eligible) > 1:
        words.append(str(len(plan.eligible)))
    # The name of what is hit, as GitHub and others ask for it: a count alone is typed by habit.
    if production and destroys(plan.verb):
        words.append(plan.workflow)
    if unrecorded:
        words.append(UNRECORDED)
    return " ".join(words)


def shown_names(ids: Sequence[str], width: int) -> list[str]:
    """The ids as they can be told apart: escaped where cleaning would make two of them look alike."""
    return list(_shown_names(tuple(ids), width))


@lru_cache(maxsize=4)
def _shown_names(ids: tuple[str, ...], width: int) -> list[str]:
    """The names of ids, cached: a prompt is drawn twice a second, and 12,000 ids take 25 ms."""
    names = distinguishable(ids)
    cut = [fit(name, width, cut="middle").rstrip() for name in names]
    doubled = {name for name, times in Counter(cut).items() if times > 1}
    return [
        fit(f"{number}. {name}", width, cut="middle").rstrip() if short in doubled else short
        for number, (name, short) in enumerate(zip(names, cut, strict=True), 1)
    ]


def title_pieces(asking: Asking) -> Pieces:
    plan = asking.plan
    eligible = len(plan.eligible)
    what = counted(eligible, "instance")
    of = f" of {count(len(plan.targets))} chosen" if eligible != len(plan.targets) else ""
    pieces = [
        (
            f" {phrase(plan.verb)} ",
            Style(color="red" if is_grave(plan.verb) else None, reverse=True, bold=True),
        ),
        (f" {what}{of} in ", PLAIN),
        (clean(plan.workflow), STRONG),
    ]
    if plan.event_type:
        pieces += [(" · event ", PLAIN), (clean(plan.event_type), STRONG)]
    if asking.production:
        pieces += [("  ", PLAIN), (" PRODUCTION ", Style(color="red", reverse=True, bold=True))]
    return pieces


def prompt_lines(asking: Asking, width: int, height: int) -> list[Pieces]:
    """Exactly `height` lines or fewer; the targets give way first, then scroll."""
    # The way out and what confirms stand whatever the size: they are laid out first.
    foot = _foot_lines(asking, width)
    room = height - 1 - len(foot)
    if asking.in_full:
        return [title_pieces(asking), *_in_full(asking, width, room), *foot][: max(height, 1)]
    consequences, skipped = _consequence_lines(asking, width), _skipped_lines(asking, width)
    shown = asking.plan.eligible or asking.plan.targets
    # Three targets stay in sight however long the consequences are: a prompt has to show whom it is about.
    few = min(len(shown), 3)
    if asking.plan.verb == "redrive" and room > few + _AROUND_ROWS + len(skipped) + 1:
        few += _AROUND_ROWS
    must = len(_twice_lines(asking, width))
    few = max(1, min(few, room - 2, room - must - 1 - min(1, len(skipped)) if must else room))
    below = _cut(consequences, skipped, max(1, room - few), must)
    targets = _target_lines(asking, shown, width, max(1, room - len(below)))
    spare = room - len(targets) - len(below)
    gap: list[Pieces] = [()] if spare > 0 else []
    return [title_pieces(asking), *targets, *below, *gap, *foot][: max(height, 1)]


def _cut(said: Sequence[Pieces], skipped: Sequence[Pieces], room: int, must: int) -> list[Pieces]:
    """As many of both kinds of lines as have room; the last one says what is left out and which key shows it.

    So many that `must` be seen are the first that is said.
    """
    if len(said) + len(skipped) <= room:
        return [*said, *skipped]
    # What is left out, and why, is told however much there is to say of the others; these begin all the same.
    least = min(len(said), max(room // 2, min(must, room - 1)))
    reasons = skipped[: max(0, room - 1 - least)]
    consequences = said[: max(0, room - 1 - len(reasons))]
    hidden = len(said) + len(skipped) - len(consequences) - len(reasons)
    more: Pieces = [
        (f"   … {counted(hidden, 'more line')}: ", WARN),
        ("tab", ACCENT),
        (" shows all that is said", PLAIN),
    ]
    return [*consequences, *reasons, more]


def said_lines(asking: Asking, width: int) -> list[Pieces]:
    """The sentences on the targets as lines: what will be lost, what is skipped and why."""
    return [*_consequence_lines(asking, width), *_skipped_lines(asking, width)]


def _in_full(asking: Asking, width: int, room: int) -> list[Pieces]:
    """All sentences on the targets, in place of the list of targets."""
    lines = said_lines(asking, width)
    back: Pieces = [("   ", PLAIN), ("tab", ACCENT), (" shows the instances again", PLAIN)]
    if len(lines) < room:
        return [*lines, back]
    shown = max(1, room - 2)
    top = min(asking.top_said, max(0, len(lines) - shown))
    return [*lines[top : top + shown], scrolled(top, min(top + shown, len(lines)), len(lines)), back]


def _twice_lines(asking: Asking, width: int) -> list[str]:
    """Lines on steps that run twice; on every screen, for who types a number has to have read them."""
    if asking.plan.verb != "redrive":
        return []
    return _wrapped(clean(twice_sentence(asking.plan, asking.answers)), width)


def _target_lines(asking: Asking, shown: Sequence[Target], width: int, room: int) -> list[Pieces]:
    if asking.plan.verb == "redrive":
        ids = [target.id for target in (*asking.plan.eligible, *asking.plan.skipped)]
        names = shown_names(ids, max(12, width // 3))
        return redrive_lines(
            asking.plan, asking.answers, names, changed=asking.changed, top=asking.top, width=width, room=room
        )
    names = shown_names([target.id for target in shown], max(8, width - 36))
    top = min(asking.top, max(0, len(shown) - room))
    fits = len(shown) <= room
    end = len(shown) if fits else top + max(1, room - 1)
    longest = column_width(names, top, end)
    new = {instance.id: instance for instance in asking.plan.new}
    lines = [
        _new_line(new[target.id], fit(name, longest), width)
        if target.id in new
        else _target_line(asking, target, name, longest)
        for target, name in zip(shown[top:end], names[top:end], strict=True)
    ]
    if not fits:
        lines.append(scrolled(top, end, len(shown)))
    return lines


def _target_line(asking: Asking, target: Target, name: str, longest: int) -> Pieces:
    glyph = look(target.status)
    pieces = [
        (f" {glyph.glyph} {fit(clean(target.status) or 'not read', 16)}", glyph.style),
        (f"{fit(name, longest)}  ", STRONG),
    ]
    if target.created is not None:
        pieces.append((f"{age(asking.now - target.created)} old", QUIET))
    now = asking.statuses.get(target.id, target.status)
    if target.status and now != target.status:
        pieces.append((f"  now {clean(now)}", WARN))
    return pieces


def _new_line(new: NewInstance, name: str, width: int) -> Pieces:
    """A line on an instance to be made: what it is given, as far as there is room."""
    kept = [
        f"{what} kept {given}"
        for what, given in (("success", new.success_retention), ("error", new.error_retention))
        if given is not None
    ]
    given = [
        *kept,
        new.location_hint,
        f"params {summary(new.params, width)}" if new.has_params else "no params",
    ]
    text = clean(" · ".join(filter(None, given)))
    room = width - cells(name) - 10
    return [(" + new  ", PLAIN), (f"{name}  ", STRONG), (fit(text, min(room, cells(text))), QUIET)]


def _consequence_lines(asking: Asking, width: int) -> list[Pieces]:
    plan = asking.plan
    if not plan.eligible:
        return []
    single = plan.eligible[0] if len(plan.eligible) == 1 else None
    detail = asking.details.get(single.id) if single else None
    sentences = _insisted(asking) or consequence(plan.verb, detail, step=_step(plan), cut=asking.cut)
    if plan.only_waiting:
        sentences = ["each is read just before: one that does not wait for it any more gets nothing"]
    if plan.verb == "send_event" and (doubt := production_doubt(plan.event_type)):
        sentences = [*sentences, doubt]
    lines: list[Pieces] = [[(line, WARN)] for line in _twice_lines(asking, width)]
    lines += [[(line, WARN + STRONG)] for said in asking.others for line in _wrapped(said, width)]
    if asking.journal_trouble:
        question = f"{clean(asking.journal_trouble)}. Type {UNRECORDED} to go on without a journal."
        lines += [[(line, WARN)] for line in _wrapped(question, width)]
    lines += [[(line, WARN)] for note in asking.notes for line in _wrapped(clean(note), width)]
    if plan.verb == "redrive":
        warnings = redrive_warnings(plan, asking.answers, local=asking.local)
        # One paragraph where the targets need the room.
        warnings = warnings if asking.in_full else ["; ".join(warnings)] if warnings else []
        lines += [[(line, WARN)] for said in warnings for line in _wrapped(clean(said), width)]
    if asking.bounds and not single:
        lines += [[(line, PLAIN)] for line in _wrapped(asking.bounds, width)]
    if asking.takes >= _LONG:
        bound = (
            f"at most {ACTIONS} requests of actions go in 5 minutes: it takes about {estimated(asking.takes)}"
        )
        lines += [[(line, WARN)] for line in _wrapped(bound, width)]
    for number, sentence in enumerate(sentences):
        # The first sentence says what is lost; a whole paragraph in colour would stress nothing.
        style = WARN if destroys(plan.verb) and number == 0 else PLAIN
        lines += [[(line, style)] for line in _wrapped(clean(sentence), width)]
    if single and asking.reading and detail is None:
        lines.append([("   reading its steps", QUIET)])
    if not plan.new and (unknown := len(plan.unknown)):
        doubt = f"{count(unknown)} of unknown status: each is read before anything is sent"
        lines += [[(line, WARN)] for line in _wrapped(doubt, width)]
    return lines


def _step(plan: Plan) -> StepTarget | None:
    start = plan.restart_from
    return StepTarget(start.name, start.count or 1, start.type or "do") if start else None


def _insisted(asking: Asking) -> list[str]:
    """The reason, in place of consequences, for an action asked for although it would do nothing."""
    if not asking.refused:
        return []
    # Each reason once: of 500 instances most have the same.
    *others, last = dict.fromkeys(asking.refused)
    return [*others[:2], last, "it is sent all the same, and the answer is shown"]


def _skipped_lines(asking: Asking, width: int) -> list[Pieces]:
    reasons = Counter(target.reason for target in asking.plan.skipped)
    only = not asking.plan.eligible
    lines: list[Pieces] = [[(line, WARN)] for line in _wrapped(_changed(asking), width)]
    for reason, times in reasons.most_common():
        sentence = clean(reason)
        if len(asking.plan.targets) > 1:
            # One alone is named: whose reason it is stands nowhere else.
            named = [each for each in asking.plan.skipped if each.reason == reason] if times == 1 else []
            whose = "".join(f" ({_name(target, width)})" for target in named)
            sentence = f"{count(times)} skipped: {sentence.removeprefix(_IT_IS)}{whose}"
        lines += [[(line, WARN if only else QUIET)] for line in _wrapped(sentence, width)]
    return lines


def _name(target: Target, width: int) -> str:
    return shown_names([target.id], max(12, width // 3))[0]


def _changed(asking: Asking) -> str:
    """How many changed since the key was pressed: of hundreds the row that says so is not in sight."""
    if asking.over or not asking.changed or len(asking.plan.eligible) == 1:
        return ""
    now = Counter(asking.changed.values()).most_common()
    words = ", ".join(f"{count(times)} {clean(status)}" for status, times in now)
    are = "it is" if len(asking.changed) == 1 else "they are"
    return f"{count(len(asking.changed))} changed meanwhile, now {words}: {are} skipped"


def _rolled_back_keys(asking: Asking, width: int) -> list[Pieces]:
    """The restart that is offered to those that cannot be redriven since their steps were undone."""
    rolled_back = len(asking.rolled_back)
    if not rolled_back:
        return []
    which = f"these {count(rolled_back)}"
    if rolled_back == 1:
        which = "it" if len(asking.plan.targets) == 1 else _name(asking.rolled_back[0], width)
    return [[("!", ACCENT), (f" restart {which} from the beginning instead", PLAIN)]]


def _foot_lines(asking: Asking, width: int) -> list[Pieces]:
    if asking.over:
        lines: list[Pieces] = [[(line, BAD)] for line in _wrapped(clean(asking.over), width)]
        return [*lines, [(" esc", STRONG), (" close", PLAIN)]]
    if asking.answers.reading:
        done = f"reading the steps of {count(asking.answers.read)} of {count(asking.answers.of)}"
        return foot_lines([[(done, QUIET)], [("esc", STRONG), (" stop, nothing is sent", PLAIN)]], width)
    if asking.sending:
        return [[(" reading it again, then sending", QUIET)]]
    if not asking.plan.eligible:
        return foot_lines(_refused_foot(asking, width), width)
    expected = asking.expected
    keys: list[Pieces]
    if not expected:
        keys = [[("y", ACCENT), (f" {phrase(asking.plan.verb)}", PLAIN)]]
    elif asking.is_typed:
        first = f" {asking.canary}, the rest once these are complete" if asking.canary else ""
        if cells(f" {asking.typed}   press y to {phrase(asking.plan.verb)}{first}") > width:
            first = f" {asking.canary} first"
        keys = [
            [
                (f"{clean(asking.typed)} ", Style(reverse=True)),
                ("  press ", PLAIN),
                ("y", ACCENT),
                (f" to {phrase(asking.plan.verb)}{first}", PLAIN),
            ]
        ]
    else:
        keys = [
            [
                ("type ", PLAIN),
                (clean(asking.goal), ACCENT),
                (", then y: ", PLAIN),
                (clean(asking.typed), STRONG),
                ("_", PLAIN),
                (_or_first(asking), QUIET),
            ]
        ]
    keys += [[("esc", STRONG), (_CANCEL, PLAIN)], *_rolled_back_keys(asking, width)]
    if asking.hint:
        keys.append([(asking.hint, WARN)])
    else:
        save: Pieces = [("ctrl+s", ACCENT), (" plan to a file", PLAIN)]
        # A plan of steps is what people look over; elsewhere a prompt must not grow by a line for it.
        if asking.plan.verb == "redrive" or len(foot_lines([*keys, save], width)) == len(
            foot_lines(keys, width)
        ):
            keys.append(save)
    limit: list[Pieces] = []
    if asking.canary:
        within = (
            f"these have {spoken(CANARY_WITHIN)} to end; where one fails the rest is held until you decide"
        )
        limit = [[(line, QUIET)] for line in _wrapped(within, width)]
    return [*limit, *foot_lines(keys, width)]


def _or_first(asking: Asking) -> str:
    many = asking.plan.verb in RESTARTS and len(asking.plan.eligible) > _CANARY_OFFERED
    return "  or first 5 to try" if many and not asking.canary else ""


def _refused_foot(asking: Asking, width: int) -> list[Pieces]:
    if asking.guarded or not asking.plan.targets or asking.plan.verb == "redrive":
        keys = [*_rolled_back_keys(asking, width), [("esc", STRONG), (" close", PLAIN)]]
    else:
        keys = [[("!", ACCENT), (" ask all the same", PLAIN)], [("esc", STRONG), (_CANCEL, PLAIN)]]
    return [*keys, [(asking.hint, WARN)]] if asking.hint else keys


def _wrapped(sentence: str, width: int) -> list[str]:
    return wrap(
        sentence, max(20, width - 4), initial_indent="   ", subsequent_indent="     ", break_on_hyphens=False
    )
