"""The width of ambiguous characters, asked of terminals that answer so or so, or not at all."""

import os
import select
import sys
from subprocess import Popen

import pytest

from tests.support.harness.program import ROOT

ASKED = b"\x1b[6n"
SCRIPT = "from wfdash.cli.doctor.width import ambiguous_width; said = ambiguous_width(); print(f'[{said}]')"


def said(answer):
    """What it says on a terminal that sends this when it is asked where its cursor is."""
    master, slave = os.openpty()
    program = Popen(
        [sys.executable, "-c", SCRIPT],
        stdin=slave,
        stdout=slave,
        cwd=ROOT,
        start_new_session=True,
        preexec_fn=_controlling,
    )
    os.close(slave)
    seen = b""
    while b"]" not in seen.rpartition(b"K")[2]:
        assert select.select([master], [], [], 60)[0], seen
        seen += os.read(master, 4096)
        if answer and ASKED in seen:
            os.write(master, answer)
            answer = b""
    program.wait()
    os.close(master)
    return seen.rpartition(b"[")[2].partition(b"]")[0].decode()


def _controlling():
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"\x1b[7;5R", "1 cell, as wfdash draws them"),
        (b"typed\x1b[7;9R", "4 take 8 cells: columns do not line up"),
        (b"", "not measured: the terminal gave no answer"),
    ],
    ids=["narrow", "wide", "silent"],
)
def test_width_is_what_the_terminal_answers(answer, words):
    assert said(answer).startswith(words)


def test_no_terminal_is_not_asked(program):
    assert "ambiguous width       not measured: not a terminal" in program("doctor").stdout
