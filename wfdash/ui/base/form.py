"""A panel with a few fields for what is to be sent, checked as it is typed. It only leads to the prompt."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from rich.style import Style
from textual.app import ComposeResult, SuspendNotSupported
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from wfdash.core.text.clean import clean
from wfdash.core.text.wrap import wrapped
from wfdash.live.actions.input import NotSendable
from wfdash.live.actions.plan import Plan
from wfdash.ui.base.panel import PanelScreen, Title
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.status_line import Pieces, StatusLine, length
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET, STRONG

__all__ = ["FormField", "FormScreen"]

_LABEL = 12
"""Cells of a label."""
_LONGEST = 1_100_000
"""Characters that a field takes: more than the 1 MiB that the API takes, so that what is too large is told
and not cut."""
_VERDICT = 3
"""Lines that say what is wrong with the fields, at most."""


class FormField(Struct, frozen=True):
    """One field; `json` ones can be edited in the editor of the person's choice."""

    id: str
    label: str
    value: str = ""
    json: bool = False
    hint: str = ""


class FormScreen(PanelScreen):
    """A form on a panel. A subclass says which fields there are and makes a plan of them."""

    BINDINGS = bindings("pane.next", "form.editor")
    DEFAULT_CSS = f"""
    FormScreen .row {{ height: 1; }}
    FormScreen .label {{ width: {_LABEL + 2}; }}
    """

    _lines = 1
    """How many the verdict took at most so far."""
    _said: tuple[str, Style] | None = None
    """The verdict."""

    def form_title(self) -> str:
        return ""

    def form_fields(self) -> Sequence[FormField]:
        return ()

    def typed_first(self) -> str:
        """The field that a person types in first."""
        return self.form_fields()[0].id

    def make_plan(self) -> Plan:
        """What the fields ask for. Raises NotSendable."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Title()
            for field in self.form_fields():
                with Horizontal(classes="row"):
                    label = StatusLine(id=f"label-{field.id}")
                    label.add_class("label")
                    yield label
                    yield Field(
                        placeholder=field.hint,
                        id=f"field-{field.id}",
                        max_length=_LONGEST,
                        all_lines=field.json,
                    )
            yield TextLines(id="checked")

    def on_mount(self) -> None:
        for field in self.form_fields():
            self.query_one(f"#field-{field.id}", Field).value = field.value
        first = self.query_one(f"#field-{self.typed_first()}", Field)
        first.focus()
        if first is not self.query(Field).first():
            first.action_select_all()  # what stands there is a default: typing replaces it
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.query_one(Title).name_it(clean(self.form_title()))
        for field in self.form_fields():
            self.query_one(f"#label-{field.id}", StatusLine).show([(f" {field.label}", QUIET)])
        self.check()

    def value(self, field: str) -> str:
        return self.query_one(f"#field-{field}", Field).value.strip()

    def _keys(self) -> Pieces:
        named = (("pane.next", "next"), ("form.editor", "editor"), ("layer.close", "cancel"))
        hints = " · ".join(f"{self.context.keys.key_of(action)} {word}" for action, word in named)
        return [(f"{hints} ", QUIET)]

    def check(self) -> Plan | None:
        """Says what is wrong with the fields, or that they are ready; the plan in that case, else None."""
        try:
            plan = self.make_plan()
        except NotSendable as wrong:
            self._verdict(str(wrong), BAD)
            return None
        self._verdict("ready: enter asks before it is sent", STRONG)
        return plan

    def _verdict(self, said: str, style: Style) -> None:
        """Shows what is wrong above the keys where both do not fit in one line; the fields stay put."""
        self._said = said, style
        width, keys = self.app.size.width, self._keys()
        lines: list[list[tuple[str, Style]]] = [
            [(" " + line, style)] for line in wrapped(clean(said), width - 2, _VERDICT)
        ]
        room = width - length(lines[-1]) - length(keys)
        if room < 1:
            lines.append([])
            room = width - length(keys)
        lines[-1] += [(" " * max(0, room), PLAIN), *keys]
        # As high as it once was: the fields above must not move while somebody types in them.
        self._lines = max(self._lines, len(lines))
        self.query_one("#checked", TextLines).show([*lines, *[()] * (self._lines - len(lines))])

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.query("#checked"):
            self.check()

    def on_resize(self) -> None:
        self.call_after_refresh(self._say_again)

    def _say_again(self) -> None:
        """Shows again what was said last, broken anew: the end of an editor brings a resize too."""
        if self._said is None:
            self.check()
        else:
            self._verdict(*self._said)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        # Checked again and not taken from the last change: a file that a field names may have changed since.
        plan = self.check()
        if plan is not None and self.close():
            self.app.call_after_refresh(self.context.prompts.prompt, plan)
            # Keys behind the enter were typed for the form: the prompt that comes must not take them for an
            # answer.
            self.context.gate.close()

    def action_pane_next(self) -> None:
        self.focus_next()

    def action_form_editor(self) -> None:
        """Gives the terminal to the editor; nothing may be awaited meanwhile."""
        described = next((field for field in self.form_fields() if field.json), None)
        if described is None:
            return
        field = self.query_one(f"#field-{described.id}", Field)
        # An editor runs plugins: it gets the environment without what gives access to the account.
        environ = self.context.settings.without_secrets(os.environ)
        edited, trouble = None, ""
        try:
            with self.app.suspend():
                try:  # here, for Textual takes the terminal back only when nothing was raised
                    edited = _edited(field.value, environ)
                except (OSError, ValueError) as error:
                    trouble = str(error)
        except SuspendNotSupported as error:
            trouble = str(error)
        if trouble:
            self._verdict(f"no editor: {trouble}", BAD)
        if edited is not None:
            # A field is one line; JSON means the same without its line breaks, which a text in it cannot hold
            # unescaped.
            field.value = " ".join(line.strip() for line in edited.split("\n"))


def _edited(text: str, environ: dict[str, str]) -> str | None:
    """What the editor left of the text; None when it failed. The file is private and gone afterwards.

    Raises ValueError for a command that cannot be taken apart and for a file that is not UTF-8.
    """
    command = shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "vi")
    # Private, for params may hold anything; with the ending by which an editor knows what it is.
    descriptor, name = tempfile.mkstemp(prefix="wfdash-", suffix=".json")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        done = subprocess.run([*command, name], env=environ, check=False)
        # `:cq` in vi, say, is how people leave without keeping anything.
        return Path(name).read_text("utf-8") if done.returncode == 0 else None
    finally:
        Path(name).unlink(missing_ok=True)
