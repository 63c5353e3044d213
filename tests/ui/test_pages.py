"""Going places, copying, and the states in which there is nothing to show."""

import asyncio
import base64
import re
import sys
import threading

import pytest

from tests.support.harness.dashboard import drive
from wfdash.core.handoff.copy_formats import Copy
from wfdash.demo.http.credentials import TOKEN
from wfdash.live.budget.ledger import Priority
from wfdash.ui.terminal.clipboard import copy_text


def goto(text):
    async def script(d):
        await d.press("goto.open")
        await d.type(text)
        await d.press("enter")
        await d.passes(2)

    return script


def test_what_first_keys_open_is_loaded_while_nobody_types(monkeypatch):
    module = "wfdash.ui.actions.read_all"
    monkeypatch.delitem(sys.modules, module, raising=False)

    async def script(d):
        await d.passes(0.5)
        assert module not in sys.modules
        await d.until(lambda: module in sys.modules)

    drive(script)


@pytest.mark.parametrize("address", ["refunds", " refunds "])
def test_a_word_that_names_a_workflow_goes_there(address):
    async def script(d):
        await goto(address)(d)
        assert d.app.root.rows.workflow == "refunds"
        assert d.app.screen is d.app.root
        await d.until(lambda: "refunds has no instances" in d.text)
        assert "c creates one" in d.text

    drive(script)


def test_a_url_opens_the_instance_it_names():
    async def script(d):
        subject = d.app.root.table.row_key(3)
        account = d.app.context.settings.account_id
        url = f"https://dash.cloudflare.com/{account}/workers/workflows/orders/instance/{subject}"
        await goto(url)(d)
        assert d.app.screen.instance == subject
        await d.press("escape")
        assert d.app.root.table.instance == subject

    drive(script)


def test_an_id_of_the_workflow_shown_opens_it():
    async def script(d):
        subject = d.app.root.table.row_key(3)
        await goto(subject)(d)
        assert d.app.screen.instance == subject

    drive(script)


def test_a_url_of_another_account_is_refused():
    async def script(d):
        await goto("https://dash.cloudflare.com/" + "f" * 32 + "/workers/workflows/orders/instance/a")(d)
        assert (
            f"this URL is of account {'f' * 32}; the one in use is {d.app.context.settings.account_id}"
            in " ".join(d.text.split())
        )

    drive(script)


def test_the_copy_menu_sends_what_was_chosen_to_the_terminal(monkeypatch):
    async def script(d):
        sent = []
        monkeypatch.setattr(d.app.terminal, "write", sent.append)
        await d.press("copy.menu")
        assert "wrangler workflows instances describe" in d.text
        await d.press("i")
        await d.until(lambda: sent)
        assert base64.b64encode(d.app.root.table.instance.encode()).decode() in sent[0]
        assert "sent to the terminal: id" in d.lines[-1]

    drive(script)


def test_a_text_to_copy_that_takes_its_time_holds_no_key(monkeypatch):
    """It is made, and cleaned, in a thread."""
    worked_in = []

    def full():
        worked_in.append(threading.current_thread())
        return "a text\n" * 3

    async def script(d):
        sent = []
        monkeypatch.setattr(d.app.terminal, "write", sent.append)
        d.app.context.pages.open("copy", "the lines", [Copy("a", "all lines", "a text", full)])
        await d.until(lambda: "a text" in d.text)
        await d.press("a")
        await d.until(lambda: "sent to the terminal: all lines, 21 characters" in d.lines[-1])
        assert base64.b64encode(b"a text\n" * 3).decode() in sent[0]
        assert worked_in != [threading.current_thread()]

    drive(script)
    assert len(worked_in) == 1


def copied(text, environ, tmp_path):
    sent = []
    said = copy_text(text, write=sent.append, environ=environ, folder=tmp_path, name="id")
    return said, "".join(sent)


def test_copying_is_wrapped_for_the_multiplexer_at_hand(tmp_path):
    encoded = base64.b64encode(b"abc").decode()
    said, sent = copied("abc", {"TERM": "xterm"}, tmp_path)
    assert sent == f"\x1b]52;c;{encoded}\x07"
    assert said == "sent to the terminal: id, 3 characters"
    said, sent = copied("abc", {"TERM": "screen", "STY": "1.tty"}, tmp_path)
    assert sent == f"\x1bP\x1b]52;c;{encoded}\x07\x1b\\"
    said, sent = copied("abc", {"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0"}, tmp_path)
    assert f"\x1bPtmux;\x1b\x1b]52;c;{encoded}\x07\x1b\\" in sent
    assert "through tmux" in said


@pytest.mark.parametrize(
    ("set_to", "said"),
    [
        ("on off", "sent to the terminal through tmux: id, 3 characters"),
        ("external on", "sent to the terminal through tmux: id, 3 characters"),
        ("external 0", "wrote id, 3 characters, to FOLDER/copied.txt; set-clipboard on in tmux.conf lets"),
        ("", "(needs set-clipboard or allow-passthrough on)"),
    ],
)
def test_tmux_is_asked_whether_it_hands_a_copy_on(tmp_path, set_to, said):
    """What it throws away is written to a file; what it hands on needs no condition at each copy."""
    program = tmp_path / "tmux"
    program.write_text(f"#!/bin/sh\n[ -n '{set_to}' ] && echo '{set_to}'\n")
    program.chmod(0o755)
    environ = {"TERM": "tmux", "TMUX": "/tmp/x,1,0", "PATH": f"{tmp_path}:/bin:/usr/bin"}
    sentence, _ = copied("abc", environ, tmp_path)
    assert said.replace("FOLDER", str(tmp_path)) in sentence
    assert ("needs" in sentence) is (not set_to)


def test_what_is_copied_holds_no_control_character(tmp_path):
    said, sent = copied("a\x1b]0;b\x07\u202ec", {"TERM": "xterm"}, tmp_path)
    text = base64.b64decode(sent[len("\x1b]52;c;") : -1]).decode()
    assert text.isprintable()
    assert "made visible" in said


def test_too_much_for_a_terminal_goes_to_a_private_file(tmp_path):
    said, sent = copied("x" * 100_000, {"TERM": "xterm"}, tmp_path)
    path = tmp_path / "copied.txt"
    assert not sent
    assert str(path) in said
    assert path.read_text() == "x" * 100_000
    assert path.stat().st_mode & 0o777 == 0o600


async def hang(scope, receive, send):
    await asyncio.Event().wait()


async def refuse(scope, receive, send):
    raise OSError("connection refused")


def test_without_an_answer_the_screen_says_why_and_what_to_do():
    async def script(d):
        await d.until(lambda: "wfdash doctor" in d.text)
        assert "▲ nothing read yet" in d.lines[0]
        assert d.app.pages.why_off("mark.toggle") == "there is no instance here"

    drive(script, serve=refuse)


def test_lost_connection_has_word_and_shape_and_recovers():
    from wfdash.demo.http.faults import InjectedFault

    async def script(d):
        rows = d.app.root.table.row_count()
        fault = InjectedFault.parse("500:1000")
        d.server.state.faults.append(fault)
        await d.until(lambda: "▲ stale" in d.lines[0])
        assert any(line.startswith(" ▲ ") for line in d.lines[-4:])
        assert d.app.root.table.row_count() == rows
        assert d.app.root.table.faded
        d.server.state.faults.clear()
        await d.until(lambda: "as of" in d.lines[0], 200)
        assert not d.app.root.table.faded
        assert not any(line.startswith(" ▲ ") for line in d.lines[-4:])

    drive(script)


def test_quota_spent_by_others_is_said_with_its_wait():
    async def script(d):
        for _ in range(950):
            d.server._limit.count(TOKEN)
        await d.until(lambda: "▲ stale" in d.lines[0])
        assert "no reads for" in d.lines[0]
        assert "again in" not in d.lines[0]
        (found,) = [line for line in d.lines if line.startswith(" ▲ ")]
        assert re.search(
            r"\d+ of 1,200 requests are left for this user; reads rest for .*, only actions go", found
        )
        await d.press("budget.open")
        assert re.search(r"only actions go for \d", d.text)
        await d.press("layer.close")
        await d.until(lambda: "as of" in d.lines[0], 400)
        assert "no reads for" not in d.lines[0]

    drive(script)


def test_a_question_that_is_not_answered_says_for_how_long():
    async def script(d):
        d.server.state.latency = 25.0
        await d.until(lambda: re.search(r"as of \d+ s +· no answer for \d s", d.lines[0]), 30)
        await d.until(lambda: re.search(r"▲ stale, \d+ s old +· no answer for 1\d s", d.lines[0]), 30)
        assert re.search(r"^ ▲ no answer for 1\d s; wfdash keeps trying", d.text, re.M)
        assert "again in" not in d.lines[0]
        d.server.state.latency = 0.0
        await d.until(lambda: "as of" in d.lines[0], 60)
        assert "no answer" not in d.lines[0]

    drive(script)


@pytest.mark.parametrize("asked", [{}, {"workflow": ""}, {"instance": "order-8001"}])
def test_pane_without_an_answer_soon_says_so(asked):
    """Long before the request is given up, after half a minute."""

    async def script(d):
        await d.until(
            lambda: re.search(r"(instances of orders|workflows|its steps): no answer for 5 s", d.text), 7
        )
        await d.until(lambda: "no answer for 9 s" in d.text, 5)
        assert "instance" in asked or "wfdash waits and then" in d.text

    drive(script, serve=hang, **asked)


def test_request_without_answer_keeps_its_path_on_the_page():
    async def script(d):
        d.server.state.latency = 1000.0
        await d.press("budget.open")
        wanted = re.compile(r" list +none .* orders/\S+  The answer of demo\.invalid")
        await d.until(lambda: wanted.search(d.text), 300)

    drive(script)


def test_frozen_polling_says_so_and_reads_once_when_asked():
    async def script(d):
        poller = d.app.session.poller
        await d.press("poll.freeze", "filter.edit")
        await d.type("nothing-like-it status:errored")
        await d.press("enter")
        await d.passes(5)
        assert "‖ frozen, nothing read" in d.lines[0]
        assert re.search(r"None of the \d+ instances loaded.* matches nothing-like-it", d.text)
        assert "Polling is frozen: z resumes it" in d.text
        await d.press("filter.edit", "ctrl+u", "enter")
        await d.press(*["j"] * 30)
        await d.passes(2)
        assert "polling is frozen: z resumes it, ctrl+r reads once" in d.text
        asked = len(d.server.state.requests)
        await d.press("poll.now")
        await d.until(lambda: poller.detail(d.app.root.table.instance).detail)
        await d.until(lambda: re.search(r"‖ frozen, \d s old", d.lines[0]))
        await d.passes(60)
        assert len(d.server.state.requests) == asked + 3, "the list, the counts and the detail"

    drive(script)


def test_frozen_polling_is_said_and_thaws():
    async def script(d):
        await d.press("poll.freeze")
        await d.passes(2)
        assert "‖ frozen" in d.lines[0]
        await d.press("poll.freeze")
        await d.until(lambda: "as of" in d.lines[0])

    drive(script)


def test_every_page_says_that_it_is_a_demo():
    async def script(d):
        for page in ("help.open", "workflows.open", "errors.open", "budget.open", "row.open"):
            await d.press(page)
            await d.passes(1)
            assert d.app.screen is not d.app.root, page
            assert "DEMO" in d.text, page
            await d.press("escape")

    drive(script)


def test_budget_page_tells_what_others_spent_and_why_it_waits():
    async def script(d):
        for _ in range(250):
            d.server._limit.count(TOKEN)
        while not d.app.session.budget.take(Priority.VISIBLE):
            pass
        await d.press("budget.open")
        await d.until(lambda: re.search(r" 2[45]\d or more by others of this user: other tools", d.text))
        await d.until(lambda: "its turn, at 1.9 reads a second in all" in d.text)

    drive(script)


def test_goto_denies_no_workflow_before_all_were_listed():
    """With -w only the one that is open was asked about: of the others nothing is known."""

    async def script(d):
        assert d.app.session.poller.counts.all_at is None
        await d.press("goto.open")
        await d.type("refunds")
        assert "enter looks for a workflow of that name" in d.text
        assert "no workflow holds this" not in d.text

    drive(script)
