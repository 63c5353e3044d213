"""What reaches stdout is JSON for every reader of it."""

import json
import subprocess
import sys

import pytest

from tests.support.harness.program import ROOT
from wfdash.cli.output import json_line, say


@pytest.mark.parametrize(
    ("answered", "printed"),
    [
        ('{"a":[1e400,-1e400]}', '{"a":[1.7976931348623157e+308,-1.7976931348623157e+308]}'),
        ('{"a":NaN}', '{"a":null}'),
        ('{"a":12345678901234567890123,"b":-0.0}', '{"a":12345678901234567890123,"b":-0.0}'),
    ],
)
def test_numbers_that_no_double_holds_are_still_json(capsys, answered, printed):
    json_line(json.loads(answered))
    assert capsys.readouterr().out == printed + "\n"


def test_leaving_looks_through_no_garbage():
    """Of a dashboard it took half a second of computing, several times that on a busy machine."""
    program = (
        "import atexit, gc, sys; from wfdash.__main__ import main; sys.argv[1:] = ['--version'];"
        "atexit.register(lambda: print(gc.get_freeze_count() > 0)); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split()[-1] == "True"


def test_a_sentence_about_a_megabyte_keeps_both_ends(capsys):
    say("wfdash: --limit: " + "9" * 1_000_000 + " is no number")
    said = capsys.readouterr().err
    assert said.startswith("wfdash: --limit: 999")
    assert said.endswith("999 is no number\n")
    assert len(said) < 10_000
