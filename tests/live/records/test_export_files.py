"""Files are written whole or not at all, and beside the screen."""

import json
import subprocess
import sys

import pytest

from tests.support.harness.program import ROOT, environment
from wfdash.live.records.export_files import write_first, write_new

_SMALL_DISK = """
import resource, sys
from pathlib import Path
from wfdash.live.records.export_files import write_new
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_new(Path(sys.argv[1]), "table.csv", (f"row {number}\\n" for number in range(100_000)))
except OSError as error:
    print(error.strerror)
"""


def test_full_disk_keeps_no_part_of_the_file(tmp_path):
    argv = [sys.executable, "-c", _SMALL_DISK, str(tmp_path)]
    done = subprocess.run(argv, env=environment(), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "File too large"
    assert not list(tmp_path.iterdir())


def test_the_next_folder_gets_all_of_it(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    tries = []

    def make():
        tries.append(1)
        yield "one\n"
        if len(tries) == 1:
            raise OSError(28, "no space left")
        yield "two\n"

    path = write_first([lambda: first, lambda: second], "a.txt", make)
    assert path == second / "a.txt"
    assert path.read_text() == "one\ntwo\n"
    assert not list(first.iterdir())


def test_the_last_trouble_is_told(tmp_path):
    def make():
        raise OSError(28, "no space left")

    with pytest.raises(OSError, match="no space left"):
        write_first([lambda: tmp_path], "a.txt", make)


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    paths = [write_new(tmp_path, "a.ndjson", [json.dumps(number)]) for number in range(3)]
    assert [path.name for path in paths] == ["a.ndjson", "a-2.ndjson", "a-3.ndjson"]
    assert [path.read_text() for path in paths] == ["0", "1", "2"]
