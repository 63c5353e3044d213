"""The one registry of actions: bindings, key bar, help, palette and README all come from it."""

import sys

from msgspec import Struct

from wfdash.keymap.scopes import SCOPES

__all__ = ["ACTIONS", "BY_ID", "KEY_BAR", "NEEDING_A_ROW", "Action", "markdown", "textual_action"]


class Action(Struct, frozen=True):
    """One thing a key does.

    `scope` says where it is live; see `scopes`.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    scope: str
    dangerous: bool = False
    """Writes to the API: off in read-only mode."""
    by_page: bool = False
    """Each page that has it binds it, for it does something else there; else the class of its scope does."""
    opens: bool = False
    """Opens the page that its id begins with, which is given nothing more."""
    takes_text: bool = False
    """Whether a person types after it."""
    needs_row: bool = False
    """Whether it does nothing where there is no row under the cursor."""
    also: str = ""
    """Other tools' words for it, by which the palette and help find it: `cancel stop kill`."""


_STEPS = {"past.back": -1, "past.forward": 1, "past.far_back": -10, "past.far_forward": 10}
"""Recorded changes that a key goes, back when negative."""


def textual_action(action_id: str) -> str:
    """The action's name in Textual: `goto.open` is `goto_open`, served by `action_goto_open`.

    All that writes is one action of the app, so are the pages that are given nothing, all saved views are
    one, and the steps through the record too, each with its argument.
    """
    if action_id in _STEPS:
        return f"past_step({_STEPS[action_id]})"
    if BY_ID[action_id].dangerous:
        return f"app.write({action_id!r})"
    area, _, name = action_id.partition(".")
    if BY_ID[action_id].opens:
        return f"page_open({area!r})"
    return f"{area}_show({name})" if name.isdigit() else f"{area}_{name}"


ACTIONS: tuple[Action, ...] = (
    Action("move.down", ("j", "down"), "down", "Move down", "table"),
    Action("move.up", ("k", "up"), "up", "Move up", "table"),
    Action("move.first", ("g", "home"), "first", "Go to the first row", "table"),
    Action("move.last", ("G", "end"), "last", "Go to the last loaded row", "table"),
    Action("move.half_down", ("ctrl+d", "pagedown"), "half page down", "Half a page down", "table"),
    Action("move.half_up", ("ctrl+u", "pageup"), "half page up", "Half a page up", "table"),
    Action(
        "row.open",
        ("enter",),
        "open",
        "Open; on a timeline row, inspect it",
        "app",
        by_page=True,
        needs_row=True,
    ),
    Action("layer.close", ("escape",), "back", "Close one layer; leave a record", "app", also="cancel"),
    Action("row.unfold", ("right",), "unfold", "Unfold the row", "timeline"),
    Action("row.fold", ("left",), "fold", "Fold the row", "timeline"),
    Action(
        "pane.next",
        ("tab",),
        "next pane",
        "Go to the next pane; in a filter, complete the word",
        "app",
        by_page=True,
    ),
    Action("instance.next", (".",), "next instance", "Next instance, with the detail open", "instance"),
    Action(
        "instance.previous",
        (",",),
        "previous instance",
        "Previous instance, with the detail open",
        "instance",
    ),
    Action("filter.edit", ("/",), "filter", "Filter the rows", "list", takes_text=True, also="search find"),
    Action(
        "goto.open",
        (":",),
        "go to",
        "Go to WORKFLOW, WORKFLOW/ID, an id or a dashboard URL",
        "app",
        opens=True,
        takes_text=True,
    ),
    Action(
        "palette.open",
        ("ctrl+p",),
        "palette",
        "All actions by name, and why one is off",
        "app",
        takes_text=True,
    ),
    Action("help.open", ("?",), "help", "What every key does here", "app"),
    Action(
        "view.save",
        ("ctrl+s",),
        "save view",
        "Save the present filter and order as a view",
        "list",
        takes_text=True,
    ),
    Action("sort.next", ("o",), "sort", "Sort by the next column", "list"),
    Action("sort.reverse", ("O",), "reverse", "Reverse the order", "list"),
    Action(
        "mark.toggle", ("space",), "mark", "Mark this instance, on to the next row", "list", needs_row=True
    ),
    Action(
        "mark.range", ("V",), "mark range", "Mark from here to where the cursor goes", "list", needs_row=True
    ),
    Action("mark.all", ("*",), "mark all", "Mark every loaded instance that matches", "list", needs_row=True),
    Action("rows.arrived", ("n",), "show new", "Show new rows", "list"),
    Action("past.back", ("<",), "earlier", "One recorded change back, from now at first", "app"),
    Action("past.forward", (">",), "later", "One recorded change forth", "app"),
    Action("past.far_back", ("{",), "far earlier", "Ten recorded changes back", "app"),
    Action("past.far_forward", ("}",), "far later", "Ten recorded changes forth", "app"),
    Action("poll.freeze", ("z",), "freeze", "Freeze or resume polling", "app"),
    Action("poll.now", ("ctrl+r",), "refresh", "Refresh now", "app", also="reload update"),
    Action(
        "timeline.scale", ("x",), "scale", "Time scale: with or without idle time", "detail", also="zoom axis"
    ),
    Action("timeline.next", ("]",), "next failed", "Next failed or slow step", "detail"),
    Action("timeline.previous", ("[",), "previous failed", "Previous failed or slow step", "detail"),
    Action("detail.compare", ("=",), "compare", "Compare with a run that succeeded", "detail"),
    Action(
        "instance.watch",
        ("f",),
        "watch",
        "Watch this instance",
        "instance",
        needs_row=True,
        also="pin follow notify",
    ),
    Action(
        "logs.open",
        ("l",),
        "logs",
        "Lines that the instance or this step printed",
        "instance",
        also="console output tail",
    ),
    Action(
        "watched.open",
        ("F",),
        "watched",
        "The watched instances of every workflow",
        "app",
        opens=True,
        also="pins followed",
    ),
    Action("time.zone", ("u",), "UTC/local", "UTC or local time, everywhere", "app", also="clock timezone"),
    Action("copy.menu", ("y",), "copy", "Copy id, URL, command, curl or Markdown", "instance"),
    Action(
        "export.menu",
        ("e",),
        "export",
        "Export the table, the instance or the screen",
        "app",
        also="save screenshot csv json handover",
    ),
    Action("workflows.open", ("w",), "workflows", "All workflows of the account", "app", opens=True),
    Action(
        "errors.open",
        ("E",),
        "errors",
        "Errored instances, grouped",
        "app",
        also="stuck failures causes groups problems",
    ),
    Action("errors.all", ("a",), "all workflows", "Errors of all workflows of the account", "errors"),
    Action("history.open", ("H",), "history", "What failed and ended over time", "app"),
    Action("history.earlier", ("left",), "earlier", "Read out an earlier moment", "history"),
    Action("history.later", ("right",), "later", "Read out a later moment", "history"),
    Action("history.all", ("a",), "all workflows", "History of all workflows, and of one again", "history"),
    Action("history.span", ("x",), "span", "Another span: 1 h, 6 h, 24 h, 7 d, 31 d", "history"),
    Action(
        "budget.open",
        ("B",),
        "budget",
        "The request budget and the last requests",
        "app",
        opens=True,
        also="rate limit requests quota api",
    ),
    Action(
        "journal.open",
        ("J",),
        "journal",
        "Actions sent from this machine",
        "app",
        opens=True,
        also="audit log who history",
    ),
    Action(
        "bulk.show",
        ("X",),
        "bulk",
        "The last action on many: see or stop it",
        "app",
        also="undo batch inverse take back",
    ),
    Action("note.write", ("N",), "note", "Write a note into the session's story", "app", takes_text=True),
    Action(
        "profile.open", ("P",), "profile", "Change the profile", "app", also="account switch token read-only"
    ),
    Action(
        "display.open",
        ("D",),
        "display",
        "Theme, mouse, times and columns",
        "app",
        also="theme colours dark light mouse columns time settings options",
    ),
    Action("app.suspend", ("ctrl+z",), "suspend", "Suspend to the shell", "app"),
    Action(
        "app.quit",
        ("q", "ctrl+c"),
        "quit",
        "Close the top layer; at the root, leave",
        "app",
        also="exit leave",
    ),
    Action("instance.pause", ("p",), "pause", "Pause", "instance", dangerous=True, also="hold stop suspend"),
    Action(
        "instance.resume",
        ("r",),
        "resume",
        "Resume",
        "instance",
        dangerous=True,
        also="continue unpause undo pause go on",
    ),
    Action(
        "instance.terminate",
        ("t",),
        "terminate",
        "Terminate",
        "instance",
        dangerous=True,
        also="cancel stop kill abort delete end",
    ),
    Action(
        "instance.terminate_rollback",
        ("T",),
        "rollback",
        "Terminate with rollback",
        "instance",
        dangerous=True,
        also="cancel undo compensate stop",
    ),
    Action(
        "instance.restart",
        ("s",),
        "restart",
        "Restart from the beginning",
        "instance",
        dangerous=True,
        also="retry rerun run again replay",
    ),
    Action(
        "instance.restart_from",
        ("S",),
        "restart from",
        "Restart from the step under the cursor",
        "timeline",
        dangerous=True,
        also="retry rerun replay from step",
    ),
    Action(
        "instance.redrive",
        ("R",),
        "redrive",
        "Redrive each from the step it failed at",
        "instance",
        dangerous=True,
        also="retry rerun failed",
    ),
    Action(
        "instance.send_event",
        ("v",),
        "send event",
        "Send an event",
        "instance",
        dangerous=True,
        also="signal approve message",
    ),
    Action("form.editor", ("ctrl+o",), "editor", "Edit the JSON in $VISUAL or $EDITOR", "field"),
    Action(
        "instance.create",
        ("c",),
        "create",
        "Create an instance",
        "app",
        dangerous=True,
        also="new start trigger run",
    ),
    Action(
        "instance.create_again",
        ("C",),
        "create again",
        "Create again with this instance's params",
        "instance",
        dangerous=True,
    ),
    *(Action(f"view.{n}", (str(n),), f"view {n}", f"Saved view {n}", "list") for n in range(1, 10)),
)

BY_ID = {action.id: action for action in ACTIONS}
NEEDING_A_ROW = frozenset(action.id for action in ACTIONS if action.needs_row)

KEY_BAR = (
    "row.open",
    "filter.edit",
    "instance.pause",
    "instance.resume",
    "instance.terminate",
    "instance.restart",
    "timeline.scale",
    "errors.open",
    "history.open",
    "workflows.open",
    "layer.close",
    "app.quit",
    "mark.toggle",
    "help.open",
)
"""What the bottom line tells, what is needed most first: a narrow one is cut behind."""

_SHOWN = {
    "escape": "esc",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "pagedown": "page down",
    "pageup": "page up",
    "comma": ",",
    "full_stop": ".",
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "asterisk": "*",
    "equals_sign": "=",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


def key_text(key: str, *, ascii: bool = False) -> str:
    """A key as a person knows it: `esc` for `escape`, `?` for `question_mark`. Arrows have names in ASCII."""
    shown = _SHOWN.get(key, key)
    return shown if shown.isascii() or not ascii else key


def split_keys(text: str) -> tuple[str, ...]:
    """The keys of "j,down"; a comma alone is the comma key."""
    return (text,) if text == "," else tuple(part.strip() for part in text.split(","))


def markdown() -> str:
    """The table of keys as the README holds it."""
    rows = [("Key", "What it does", "Where"), ("---", "---", "---")]
    for action in ACTIONS:
        if action.id.startswith("view.") and action.id[5:].isdigit():
            if action.id == "view.1":
                rows.append(("`1` to `9`", "Saved views", SCOPES[action.scope].where))
            continue
        keys = " ".join(f"`{key_text(key)}`" for key in action.keys)
        rows.append((keys, action.help, SCOPES[action.scope].where))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


if __name__ == "__main__":
    sys.stdout.write(markdown())
