"""The manual page: all of the command line is on it, and roff has nothing to complain of."""

import re
import shutil
import subprocess

import pytest

from wfdash.cli.manual import manual_page
from wfdash.cli.options import COMMANDS
from wfdash.cli.parser import parser_of_all


def plain(page: str) -> str:
    """The page's words without its marks."""
    return re.sub(r"\\f[BIR]", "", page).replace(r"\-", "-").replace(r"\&", "").replace(r"\e", "\\")


def test_each_command_and_option_stands_on_it():
    page = plain(manual_page())
    assert all(f".SS wfdash {command}\n" in page for command in COMMANDS if command)
    (commands,) = [action for action in parser_of_all()._actions if action.dest == "command"]
    for parser in commands.choices.values():
        for action in parser._actions:
            assert all(option in page for option in action.option_strings if option not in ("-h", "--help"))


def test_a_line_never_begins_with_a_stray_request():
    requests = {line.split()[0] for line in manual_page().splitlines() if line[:1] in (".", "'")}
    assert requests == {".TH", ".SH", ".SS", ".TP"}


def test_the_command_prints_it(program):
    done = program("man")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip("\n") == manual_page()


@pytest.mark.parametrize("tool", [("groff", "-man", "-ww", "-Tutf8"), ("mandoc", "-Tlint")])
def test_roff_reads_it_without_a_warning(tool):
    command = shutil.which(tool[0])
    if command is None:
        # Neither is part of a plain machine; what they would read is checked above.
        return
    done = subprocess.run(
        [command, *tool[1:]], input=manual_page(), text=True, capture_output=True, check=False, timeout=60
    )
    assert done.stderr == ""
