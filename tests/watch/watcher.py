"""Runs the real program on a terminal beside a reader of the same API, and holds each against the other."""

import time
from collections.abc import Callable

from pyte import graphics

from tests.support.harness.pty import Terminal
from tests.watch.answers import FINAL, Answers
from tests.watch.cells import Foretold, holds, undated
from tests.watch.sentences import clauses
from tests.watch.spans import Slack, age_span, near, seconds_of, spoken_span
from tests.watch.steps import Record, next_attempt
from tests.watch.tally import Tally
from tests.watch.view import Detail, Row, View, read_view

__all__ = ["watch"]

graphics.TEXT[2] = "+blink"  # pyte knows no faint text, and nothing here blinks

_LAG = 2.5
"""Seconds from a question to what its answer changes on the screen."""
_FRESH = 15.0
"""Seconds up to which a cell may be drawn as if it were of now."""
_COUNTED = 20.0
"""Seconds up to which the counts of the top line stand without a date."""
_LONG = 480.0
_PATIENCE = 90.0


def watch(
    shell: Terminal,
    answers: Answers,
    seconds: float,
    *,
    each: Callable[[int], None] = lambda _: None,
    page: Callable[[list[str], float, Tally], None] = lambda *_: None,
    every: float = 1.0,
    least: int = 0,
) -> Tally:
    """Compares what is shown once every second or so; `each` is called with the number of the look.

    `page` compares what is no list, some seconds after it was on the screen.

    A busy machine looks seldom: it goes on until `least` statements were compared, for a minute and a half.
    """
    tally, until, looks = Tally(), time.time() + seconds, 0

    def compare(at: float, view: View | None, lines: list[str]) -> None:
        tally.screen = lines
        if view is not None:
            _compare(at, view, answers, tally)
        else:
            page(lines, at, tally)

    waits: list[tuple[float, View | None, list[str]]] = []
    while time.time() < until or (tally.compared.total() < least and time.time() < until + _PATIENCE):
        shell.watch(every)
        shell.quiet(0.03)
        now = time.time()
        seen = read_view(shell.screen.rows, lambda line, column: shell.screen.cell(line, column).blink)
        if seen is not None:
            answers.wanted |= {row.identity for row in seen.rows}
        waits.append((now, seen, list(shell.screen.rows)))
        while waits and waits[0][0] < now - 5:
            compare(*waits.pop(0))
        each(looks)
        looks += 1
    time.sleep(4)
    for waiting in waits:
        compare(*waiting)
    tally.screen = ()
    _compare_foretold(answers, tally)
    return tally


def _compare(now: float, view: View, answers: Answers, tally: Tally) -> None:
    for status, number in view.counts.items():
        back = age_span(view.counted)[1] if view.counted else _COUNTED
        least, most = answers.counted(status, now - back - _LAG, now)
        if most >= least:
            what = f"{number} {status} {view.counted}, the API counted {least} to {most}"
            tally.note("header counts", least <= number <= most, what)
    for row in view.rows:
        _compare_row(now, view, row, answers, tally)
    if view.detail is not None and view.detail.sentence:
        _compare_detail(now, view.detail, answers, tally)


def _compare_row(now: float, view: View, row: Row, answers: Answers, tally: Tally) -> None:
    answer = answers.rows.get(row.identity)
    if not answer or answers.details.get(row.identity) is None:
        return
    dated = _LONG if row.behind else view.list_age if answers.is_newest(row.identity) else _FRESH
    since = now - dated - _LAG - Slack.seconds
    statuses = answers.statuses(row.identity, since, now + 1)
    # While a longer one comes the column cuts it.
    status, cut = row.status, row.status.removesuffix("…")
    right = status in statuses or (cut != status and any(each.startswith(cut) for each in statuses))
    tally.note("status", right, f"{row.identity} {row.status}, the API {sorted(statuses)}")
    listed = answer[-1][1]
    created = seconds_of(listed["created_on"])
    if created is not None and row.age:
        tally.note(
            "age", near(now - created, age_span(row.age)), f"{row.identity} {row.age}: {now - created:.1f}"
        )
    if row.why.startswith("took "):  # what stands there until the end is read
        row.took = row.took or row.why.removeprefix("took ")
    if row.took:
        _compare_took(now, row, answers, tally)
    if row.why and not row.why.startswith("took "):
        _compare_cell(now, view, row, answers, tally)


def _compare_took(now: float, row: Row, answers: Answers, tally: Tally) -> None:
    details = [detail for _, detail in answers.details[row.identity]]
    if row.took.endswith("+"):
        span, begun = age_span(row.took[:-1]), {detail["start"] or detail["queued"] for detail in details}
        lasted = [now - (seconds_of(at) or 0) for at in begun]
    else:
        span = spoken_span(row.took)
        if not details[-1]["end"] and (after := answers.read(row.identity)) is not None:
            details.append(after)  # it ended since the other reader had its turn
        ended = [detail for detail in details if detail["end"] and detail["start"]]
        lasted = [(seconds_of(each["end"]) or 0) - (seconds_of(each["start"]) or 0) for each in ended]
    right = any(near(value, span) for value in lasted)
    tally.note("took", right, f"{row.identity} {row.took}, the API {[round(value, 1) for value in lasted]}")


def _compare_cell(now: float, view: View, row: Row, answers: Answers, tally: Tally) -> None:
    text, was, read = undated(row.why)
    waits = row.status in ("waiting", "paused", "queued", *FINAL)
    back = _LONG if was or read or row.faint or waits else _FRESH + _LAG
    states = answers.states(row.identity, now - back, now + 1)
    of_status = [(at, state) for at, state in states if state["status"] in (row.status, "")]
    if was or not of_status:
        of_status = states
    right, foretold = holds(text, of_status, None if was else now)
    if (was or row.faint) and not right:
        # Its numbers are of the moment at which the dashboard read it, between two reads of the other reader.
        between = answers.between(row.identity, now - back, now + 1)
        right, foretold = holds(text, between, None)
    kind = "was" if was else "faint cell" if row.faint else "cell"
    open_now = answers.details[row.identity][-1][1]
    aged = f"list {view.list_age:.0f} s old, {now % 1000:.1f}"
    tally.note(kind, right, f"{row.identity} {row.status} ({aged}) states {row.why} | {_open(open_now)}")
    if right and not was:
        least_most = [(name, each, age_span(age)) for name, each, age in foretold]
        tally.foretold += [Foretold(now, row.identity, n, each, *span) for n, each, span in least_most]


def _compare_detail(now: float, detail: Detail, answers: Answers, tally: Tally) -> None:
    if detail.identity not in answers.details:
        answers.wanted.add(detail.identity)
        return
    age = age_span(detail.age)[1] if detail.age else _LONG
    statuses = answers.statuses(detail.identity, now - age - _LAG - Slack.seconds, now + 1)
    what = f"{detail.identity} {detail.status}, the API {sorted(statuses)}"
    tally.note("open status", detail.status in statuses, what)
    states = answers.states(detail.identity, now - age - _LAG, now + 1)
    for clause in clauses(detail.sentence, states, now):
        what = f"{detail.identity} states {clause.text} | {_open(answers.details[detail.identity][-1][1])}"
        tally.note("clause", clause.holds, what)
        if clause.foretells is not None and clause.holds:
            name, built, span = clause.foretells
            tally.foretold.append(Foretold(now, detail.identity, name, built, *span))


def _compare_foretold(answers: Answers, tally: Tally) -> None:
    """Against the moment at which the attempt really began, where it has."""
    for each in tally.foretold:
        came = next_attempt(answers.details[each.identity][-1][1], each.name, each.number)
        if came is None or came < each.at - Slack.seconds:
            continue
        ahead = came - each.at
        off = max(0.0, each.least - ahead, ahead - each.most)
        tally.errors.append(off)
        what = (
            f"{each.identity} {each.name}: in {each.least:.0f} to {each.most:.0f} s, came after {ahead:.1f} s"
        )
        tally.note("next try", off <= Slack.seconds, what)


def _open(detail: Record) -> str:
    steps = [
        (s["name"], s["type"], len(s.get("attempts", ()))) for s in detail["steps"] if not s.get("success")
    ]
    return f"{detail['status']} {steps[-3:]}"
