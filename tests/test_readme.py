"""The README says what is so: the keys, the two commands, the pictures and files it names."""

import re

from tests.support.harness.program import ROOT
from wfdash.keymap.actions import markdown

README = (ROOT / "README.md").read_text()


def test_the_keys_table_is_the_keymap():
    """`python -m wfdash.keymap.actions` prints what belongs between the marks."""
    table = re.search(r"<!-- keys:.*?-->\n(.*?)<!-- /keys -->", README, re.S)
    assert table
    assert table[1] == markdown()


def test_every_file_it_names_is_there():
    named = re.findall(r"\]\((?!http)([^)#]+)\)|^\| `((?:wfdash|tests)/[^`]*)`", README, re.M)
    missing = [path for pair in named for path in pair if path and not (ROOT / path).exists()]
    assert not missing


def test_the_two_commands_are_one_line_each():
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv .venv")]
    assert [line.split()[-1] for line in lines] == ["demo", "pytest"]


GUIDE = README[README.index("## Codebase guide") : README.index("## Changes")]
PACKAGE = ROOT / "wfdash"


def test_the_guide_has_a_line_for_each_room():
    named = {
        room
        for line in re.findall(r"^\| (`[^|]*/`) \|", GUIDE, re.M)
        for room in re.findall(r"`(.*?)/`", line)
    }
    rooms = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("*/**/__init__.py")}
    assert named - {"tests"} == rooms - {"core", "demo"}


def test_the_guide_names_files_that_are_there():
    files = re.findall(r"`([a-z_/]+\.py)`", GUIDE[GUIDE.index("### How to add") :])
    assert len(files) > 15
    assert not [name for name in files if not (PACKAGE / name).exists()]


def test_what_tests_share_has_a_line_each():
    support = ROOT / "tests" / "support"
    listed = set(re.findall(r"^\| `(\w+)` \|", (support / "README.md").read_text(), re.M))
    shared = {path.stem for path in support.glob("*/*.py") if path.stem != "__init__"}
    assert listed == shared
