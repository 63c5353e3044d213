"""What the first run says: its steps, what can be chosen in each, and what would be written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from wfdash.config.first_run import COMMAND, FORM, VARIABLE
from wfdash.core.model.status import STATUSES
from wfdash.core.model.workflow import Workflow
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import count
from wfdash.core.text.wrap import wrapped
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import ACCENT, PLAIN, QUIET, STRONG

__all__ = [
    "ALL",
    "FOUND",
    "NEW",
    "STEPS",
    "WRANGLER",
    "account_entries",
    "keep_pieces",
    "step_pieces",
    "token_entries",
    "token_pieces",
    "workflow_entries",
]

STEPS: Final = ("token", "account", "workflow", "keep")
_WHAT = {
    "token": "where it comes from",
    "account": "the one to watch",
    "workflow": "the one to open with",
    "keep": "save it as a profile",
}
ALL = "all"
FOUND, WRANGLER, NEW = "found", "wrangler", "new"
_NAME = 34
"""Cells of the names of a choice, at most."""
_SHOWN = ("errored", "running", "waiting", "queued", "paused")

Entries = list[tuple[str, Pieces]]


def step_pieces(step: str, answers: Mapping[str, str], width: int) -> list[Pieces]:
    """A line a step: done with what was found, the present one, those to come."""
    lines: list[Pieces] = []
    for listed in STEPS:
        if listed == step:
            lines.append([(" ▸ ", ACCENT), (fit(listed, 10), STRONG), (_WHAT[listed], PLAIN)])
        elif listed in answers:
            said = fit(clean(answers[listed]), max(8, width - 14))
            lines.append([(" ✓ ", PLAIN), (fit(listed, 10), PLAIN), (said, QUIET)])
        else:
            lines.append([("   ", PLAIN), (fit(listed, 10), QUIET)])
    return lines


def token_entries(found: str) -> Entries:
    """The sources a token may have; `found` names the one that is there already."""
    entries = [(FOUND, f"{found}", "which is set here")] if found else []
    entries += [
        (VARIABLE, "another variable", "give its name; it must be set in this shell"),
        (COMMAND, "a command", "one that prints the token, such as op read op://ops/cloudflare/token"),
        (WRANGLER, "wrangler's login", "that of `wrangler login`, as long as it is valid"),
        (NEW, "a new token", "copies the address of Cloudflare's form for one"),
    ]
    return _lined_up(entries)


def token_pieces(width: int) -> list[Pieces]:
    """Under the sources: how a token is made."""
    text = (
        "A token needs the permission Account, Workers Scripts, Read; Edit, to act on instances too. "
        "This address fills in the form:"
    )
    lines: list[Pieces] = [[]]
    lines += [[(f"   {line}", PLAIN)] for line in wrapped(text, width - 5)]
    return [*lines, *([(f"   {line}", QUIET)] for line in wrapped(FORM, width - 5))]


def account_entries(accounts: Sequence[Mapping[str, Any]]) -> Entries:
    named = ((str(account.get("id", "")), str(account.get("name", ""))) for account in accounts)
    return _lined_up([(account_id, name, account_id) for account_id, name in named])


def workflow_entries(workflows: Sequence[Workflow]) -> Entries:
    """The choice of workflows: all of them, then each, those with errors first."""
    ranked = sorted(workflows, key=lambda workflow: (-workflow.counts.get("errored", 0), workflow.name))
    entries = [(ALL, "all of them", "the list of workflows, those in trouble first")]
    return _lined_up(
        entries + [(f"w:{workflow.name}", workflow.name, _counted(workflow)) for workflow in ranked]
    )


def _counted(workflow: Workflow) -> str:
    statuses = [status for status in _SHOWN if workflow.counts.get(status)]
    rest = sum(n for status, n in workflow.counts.items() if status in STATUSES and status not in _SHOWN)
    words = [f"{count(workflow.counts[status])} {status}" for status in statuses]
    return " · ".join([*words, f"{count(rest)} ended"] if rest else words)


def _lined_up(entries: Sequence[tuple[str, str, str]]) -> Entries:
    """Key, name and what to know of it: the names in one column."""
    names = [clean(name, 200) for _, name, _ in entries]
    room = min(_NAME, max(map(cells, names), default=0))
    return [
        (key, [("   ", PLAIN), (fit(name, room), PLAIN), (f"  {clean(what, 300)}", QUIET)])
        for name, (key, _, what) in zip(names, entries, strict=True)
    ]


def keep_pieces(path: Path, lines: Sequence[str], *, there: bool, width: int) -> list[Pieces]:
    """Exactly what would be written, and where."""
    what = "changes in" if there else "the new file"
    text = f"y writes {what} {clean(str(path))}, for you alone to read. The token is not in it."
    pieces: list[Pieces] = [[(f" {line}", STRONG)] for line in wrapped(text, width - 2)]
    return [*pieces, [], *([(f"   {clean(line)}", PLAIN)] for line in lines)]
