"""Pastes, stalls, multiplexers and few colours: the dashboard outlives them and gives the terminal back."""

import json
import re

import pytest

from tests.support.harness.act import ROWS, answer, read_prompt
from tests.support.harness.output import clipboards, strange


def left_well(shell, *keys):
    shell.press(*keys)
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []


def test_a_megabyte_pasted_into_the_filter(demo):
    """In one line it is more than a field takes; of several lines the first is taken."""
    shell = demo(columns=100, lines=30)
    shell.press("/")
    shell.wait_gone("no filter")
    shell.paste("x" * 1_000_000)
    shell.wait_for("longer than")
    shell.paste("order-8\n" + "q\n" * 200_000)
    shell.wait_for("order-8", re.compile(r"[\d,]+ of [\d,]+ loaded"))
    shell.press("enter")
    shell.wait_for("/ order-8", "E errors", ROWS)
    left_well(shell, "q")


def test_a_paste_that_is_no_filter(demo):
    shell = demo(columns=100, lines=30)
    shell.press("/")
    shell.wait_gone("no filter")
    shell.paste("status:errored,\u202e\u200b\x9b31337m界\x07" * 20)
    shell.wait_for("status:errored")
    shell.quiet()
    assert strange(bytes(shell.written)) == []
    shell.press("escape")
    shell.wait_for("no filter", ROWS)
    left_well(shell, "q")


def test_what_is_confirmed_on_a_stalled_terminal_is_done_once(terminal, still, tmp_path):
    """The y that came meanwhile answers what was not on the screen, and is refused with a word."""
    waiting = still.listing("orders", status="waiting")[0]["id"]
    shell = terminal("-w", "orders", "--filter", waiting, columns=200, lines=60, env=still.env)
    shell.wait_for("1 match", "waiting")
    shell.press("p")
    read_prompt(shell)
    shell.stall(3, meanwhile=b"y")
    shell.wait_for("press it again")
    answer(shell)
    shell.wait_for("paused after", waiting)
    (journal,) = tmp_path.rglob("actions.jsonl")
    entries = [json.loads(line)["event"] for line in journal.read_text().splitlines()]
    assert entries == ["planned", "sent", "answered", "settled"]
    left_well(shell, "q")


@pytest.mark.parametrize(("keys", "columns", "lines"), [("l.l.l", 140, 40), ("l,", 140, 40), ("ll.", 80, 24)])
def test_keys_of_one_write_find_lines_that_are_on_their_way(demo, keys, columns, lines):
    shell = demo(
        "--scenario", "incident", "--filter", "status:errored", wait=False, columns=columns, lines=lines
    )
    shell.wait_for("errored", "order-")
    shell.press("enter")
    shell.wait_for("STEP", "attempt 1")
    shell.type(keys)
    shell.quiet()
    shell.press("?")
    shell.wait_for("Next instance, with")


def test_a_bare_escape_is_the_escape_key(demo):
    """As a terminal sends it that knows no keyboard modes: the silence after it tells it from a sequence."""
    shell = demo()
    shell.press("?")
    shell.wait_for("Next instance, with")
    shell.send(b"\x1b")
    shell.wait_for(ROWS)
    left_well(shell, "q")


@pytest.mark.parametrize(
    ("term", "more", "colours"),
    [
        ("tmux-256color", {"TMUX": "/tmp/tmux-0/default,1,0"}, 256),
        ("screen", {"STY": "1.pts-0.host"}, 16),
        ("xterm", {}, 16),
        ("linux", {}, 16),
        ("vt100", {}, 16),
    ],
)
def test_multiplexers_and_few_colours(demo, term, more, colours):
    shell = demo(columns=120, lines=30, env={"TERM": term, **more})
    shell.press("enter")
    shell.wait_for("STEP")
    shell.quiet()
    written = shell.written.decode()
    assert ";2;" not in written.replace("38;5;2;", ""), "no colour that the terminal lacks"
    assert not re.search(r"[34]8;[25];", written) or colours == 256
    shell.press("escape")
    shell.wait_for("BLOCKED ON")  # else a busy machine may read both as one key
    left_well(shell, "q")


SSH = {"SSH_CONNECTION": "192.0.2.7 50522 192.0.2.8 22"}


def copied(shell):
    shell.press("y")
    shell.wait_for("wfdash command")
    shell.press("i")


def test_over_ssh_nothing_blinks_moves_or_takes_the_mouse(demo):
    shell = demo(columns=120, lines=30, env=SSH)
    shell.press("/", "o")
    shell.wait_for("/ o")
    assert shell.rests(2, 1000), "a cursor blinks or something moves"
    for mode in (1000, 1002, 1003):
        assert not shell.screen.modes.get(mode), (
            "the mouse was taken, and with it the terminal's own selection"
        )
    shell.press("escape")
    copied(shell)
    shell.wait_for("sent to the terminal: id")
    (text,) = clipboards(bytes(shell.written))
    assert text in shell.screen.text
    left_well(shell, "q")


def test_the_mouse_is_taken_when_asked_for(demo):
    shell = demo("--mouse", columns=120, lines=30, env=SSH)
    assert shell.screen.modes.get(1000)
    left_well(shell, "q")


def test_copying_inside_tmux_and_screen_goes_through_them(demo):
    shell = demo(columns=120, lines=30, env={**SSH, "TERM": "tmux-256color", "TMUX": "/tmp/x,1,0"})
    copied(shell)
    shell.wait_for("sent to the terminal through tmux: id")
    assert b"\x1bPtmux;\x1b\x1b]52;c;" in shell.written
    left_well(shell, "q")
    shell = demo(columns=120, lines=30, env={**SSH, "TERM": "screen", "STY": "1.x"})
    copied(shell)
    shell.wait_written(b"\x1bP\x1b]52;c;")
    left_well(shell, "q")


def test_on_a_console_without_a_clipboard_it_goes_to_a_file(demo, tmp_path):
    shell = demo(columns=120, lines=30, env={"TERM": "linux"})
    copied(shell)
    shell.wait_for("wrote id")
    (file,) = tmp_path.rglob("copied.txt")
    assert file.read_text() in shell.screen.text
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"]52;" not in shell.written
    left_well(shell, "q")


def test_no_color_names_no_colour_not_even_the_terminals_own(demo):
    shell = demo(columns=140, lines=40, env={"NO_COLOR": "1"})
    shell.press("?")
    shell.wait_for("Next instance, with")
    shell.press("escape")
    shell.wait_for(ROWS)
    looks = re.findall(rb"\x1b\[([\d;]*)m", bytes(shell.written))
    codes = {code for look in looks for code in look.split(b";")}
    assert {b"0", b"1", b"2"} <= codes <= {b"0", b"1", b"2", b"3", b"4", b"7", b"9"}
    left_well(shell, "q")


def test_what_no_terminal_should_send_ends_nothing(demo):
    """Latin-1, an old mouse report past column 95, half a character, a window of no pixels."""
    shell = demo("--mouse", columns=100, lines=30)
    for sent in (b"\xe9\xff", b"\x1b[M \xc8!", b"\xf0\x9f", b"\x1b[48;30;100;0;0t\x1b[<0;8;9M\x1b[<0;8;9m"):
        shell.send(sent)
        shell.quiet(0.3)
        assert not shell.ended, shell.picture()
    shell.press("/")
    shell.wait_gone("no filter")
    shell.send(b"order\xff-8\r")
    shell.wait_for("order\ufffd-8")
    shell.press("?")
    shell.wait_for("Next instance, with")
    left_well(shell, "q", "q")


@pytest.mark.parametrize(
    ("opens", "typed"),
    [("/", "日本 x"), (":", "orders/日本"), ("/", "long " * 30)],
    ids=["filter", "go to", "longer than the field"],
)
def test_terminal_cursor_stands_on_the_one_of_the_field(demo, opens, typed):
    shell = demo(columns=80, lines=24)
    shell.press(opens)
    shell.wait_for("enter apply" if opens == "/" else "Go to")
    shell.paste(typed)
    shell.wait_for(typed.split()[-1])

    for key in ("", "left", "left"):
        shell.press(*([key] if key else []))
        shell.quiet()
        line, column = shell.screen.cursor
        assert shell.screen.cell(line, column).reverse
    left_well(shell, "escape", "escape", "q")
