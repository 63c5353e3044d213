"""Most tests begin wfdash warm: it says the same as after a start of Python and all, and is held to that."""

import re
import shutil

import pytest

from tests.support.harness.simulator import Simulator

ON_ORDERS = ("-w", "orders")
COMMANDS = {
    "version": ("--version",),
    "help": ("--help",),
    "a wrong option": ("list", "--no-such-option"),
    "no terminal": (*ON_ORDERS,),
    "list": ("list", *ON_ORDERS, "--limit", "3"),
    "show": ("show", *ON_ORDERS, "ID"),
    "history": ("history", *ON_ORDERS),
    "logs": ("logs", *ON_ORDERS, "ID"),
    "tail": ("tail", *ON_ORDERS, "-i", "ID", "--until", "final", "--timeout", "0"),
    "pause": ("pause", *ON_ORDERS, "ID", "--dry-run"),
    "send": ("send", *ON_ORDERS, "ID", "--type", "x", "--dry-run"),
    "redrive": ("redrive", *ON_ORDERS, "ID", "--dry-run"),
    "create": ("create", *ON_ORDERS, "--id", "ID", "--dry-run"),
    "record": ("record", "orders", "--for", "0.1s", "--out", "FOLDER/o.db"),
    "doctor": ("doctor",),
    "man": ("man",),
    "completion": ("completion", "zsh"),
}


@pytest.fixture(scope="module")
def still():
    started = Simulator("calm", stopped=True)
    yield started
    started.stop()


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_start_says_the_same_warm_and_cold(program, still, tmp_path, arguments):
    identity = still.listing("orders", status="waiting", per_page="5")[0]["id"]
    words = [re.sub("ID", identity, word).replace("FOLDER", str(tmp_path)) for word in arguments]
    said = []
    for cold in (False, True):
        done = program(*words, env=still.env, cold=cold)
        # But for how long ago it was, and for the number of the answer.
        texts = [re.sub(r"ray \w+|[\d\s▇░≈]+", " ", text) for text in (done.stdout, done.stderr)]
        said.append((done.returncode, *texts))
        for each in tmp_path.iterdir():  # the second one finds what the first one found
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    assert said[0] == said[1]
    assert any(said[0][1:])
