"""Lines of the real engine: those called certain are right, and nearly all that say so are certain."""

import json
import re
import time
from collections import Counter

import pytest

from tests.engine.engine import WORKFLOW, Engine
from tests.support.fakes.details import neighbours
from wfdash.api.connect import connect
from wfdash.api.errors import Refused
from wfdash.api.log_source import LogQuery
from wfdash.config.settings import Settings
from wfdash.core.logs.place import place_lines
from wfdash.core.model.detail import read_detail
from wfdash.core.why.step_names import base_name

_SAYS = re.compile(r'id[="]+:? ?"?([\w-]+).*?step[="]+:? ?"?([\w -]+?)"? ?,? "?attempt[="]+:? ?([\d-]+)')

_LATE = ["print-late-1"]
"""What may run beside the ten."""
_BY_ANOTHER = "says another"
_SPEAKS = "speaks-1"
"""Begins together with the first of them, does the same steps and prints its id alone."""


def _print(engine):
    """Ten instances that print at the same time; None where the store has not all of what they print.

    On an idle machine it loses a line of every second run or third.
    """
    ids = [f"print-{number}" for number in range(10)]
    for identity in ids:
        engine.create(identity, "printing", id=identity, dies=identity == "print-3")
        if identity == ids[0]:
            engine.create(_SPEAKS, "speaking", of=identity)
    for identity in [*ids, _SPEAKS]:
        engine.wait(identity, lambda detail: detail["status"] in ("complete", "errored"))
    last = [*(f"id={identity} step=stock attempt=1 begins" for identity in ids), "attempt=1 dies"]
    deadline = time.monotonic() + 15
    while not (all(map(engine.stored, [*last, "zzz"])) and engine.runs_stored() > len(ids)):
        if time.monotonic() >= deadline:
            return None
    return ids


@pytest.fixture(scope="module")
def printing(tmp_path_factory):
    """An engine and the ids of what printed in it."""
    for _ in range(6):
        engine = Engine(tmp_path_factory.mktemp("printing"), logs=True)
        try:
            if ids := _print(engine):
                yield engine, ids
                return
        finally:
            engine.stop()
    raise AssertionError("the store never had all that was printed")


@pytest.fixture
async def api(printing):
    client = await connect(Settings(base_url=f"http://127.0.0.1:{printing[0].port}", local=True))
    yield client
    await client.close()


async def _lines(api, engine, identity, ids):
    detail = read_detail(WORKFLOW, identity, engine.detail(identity))
    query = LogQuery(WORKFLOW, identity, detail.queued - 2, detail.end + 5)
    page = await api.log_reader().read(query)
    others = neighbours([*ids, *_LATE] if ids else [])
    return detail, place_lines(
        page.lines,
        detail,
        others=others,
        calls={call.id: call for call in page.calls},
        objects=page.objects,
    )


async def test_certain_lines_are_right_and_nearly_all_are_certain(printing, api):
    engine, ids = printing
    said = certain = 0
    for identity in ids:
        detail, placed = await _lines(api, engine, identity, ids)
        others = [entry for entry in placed if _BY_ANOTHER in entry.line.message]
        assert not any(entry.is_sure for entry in others)
        placed = [entry for entry in placed if entry not in others]
        assert [entry for entry in placed if not entry.certain] == [], "all print their ids"
        for entry in placed:
            found = _SAYS.search(entry.line.message)
            if not found:
                continue
            owner, step, attempt = found.groups()
            name = "-" if entry.step is None else base_name(detail.steps[entry.step].name)
            where = (name, "-" if entry.attempt is None else str(entry.attempt))
            assert owner == identity
            said += 1
            certain += where == (step, attempt)
            assert where == (step, attempt) or entry.step is None
    assert said >= 10 * 10
    assert certain >= 0.95 * said


async def test_lines_that_speak_for_another_stand_with_their_own(printing, api):
    """Whoever printed them, they say that another did: a logger that gathers lines lets go of them so."""
    engine, ids = printing
    _, placed = await _lines(api, engine, _SPEAKS, ids)
    assert len(placed) == 3
    assert {(entry.certain, _BY_ANOTHER in entry.line.message) for entry in placed} == {(False, True)}


async def test_line_that_says_nothing_goes_with_its_call(printing, api):
    engine, ids = printing
    detail, placed = await _lines(api, engine, "print-3", ids)
    said = [entry for entry in placed if entry.line.message == "without a word of it"]
    silent = [entry for entry in said if entry.certain]
    names = Counter(base_name(detail.steps[entry.step].name) for entry in silent if entry.step is not None)
    assert 3 <= names.total() == len(silent), "the store may have lost one"
    assert names <= Counter(["load order", "charge card", "charge card", "mail", "stock"])
    [last] = [entry for entry in placed if "dies" in entry.line.message]
    assert (last.certain, last.line.level) == (True, "error")
    assert base_name(detail.steps[last.step].name) == "last"


async def test_line_that_the_session_cut_stays_a_line(printing, api):
    engine, ids = printing
    detail, placed = await _lines(api, engine, "print-3", ids)
    [cut] = [entry for entry in placed if entry.line.message.startswith("zzz")]
    assert (cut.certain, base_name(detail.steps[cut.step].name)) == (True, "last")
    assert cut.line.message.endswith("zzz … (cut: of a line a dev session keeps 256 kB)")


async def test_without_the_neighbours_ids_nothing_false_is_certain(printing, api):
    engine, ids = printing
    for identity in ids[:3]:
        _, placed = await _lines(api, engine, identity, [])
        for entry in placed:
            found = _SAYS.search(entry.line.message)
            assert not (entry.certain and found) or found[1] == identity
            assert not (entry.certain and _BY_ANOTHER in entry.line.message)


def test_command_prints_the_lines_of_a_step(printing, program):
    engine, _ = printing
    where = ["--local", str(engine.port), "-w", WORKFLOW]
    done = program("logs", *where, "print-3", "--step", "charge card", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 6
    assert {(line["step"], line["source"], line["certain"]) for line in lines} == {
        ("charge card", "local", True)
    }


def test_command_follows_until_the_instance_ends(printing, program):
    engine, _ = printing
    engine.create(_LATE[0], "printing", id=_LATE[0])
    done = program("logs", "--local", str(engine.port), "-w", WORKFLOW, _LATE[0], "--follow", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["message"] == "id=print-late-1 step=- attempt=- ends"
    assert len({json.dumps(line) for line in lines}) >= len(lines) - 5  # five say nothing of themselves
    assert {line["step"] for line in lines} == {None, "load order", "charge card", "mail", "stock"}


def test_pane_says_that_nothing_is_kept_of_an_ended_instance(printing, terminal):
    engine, _ = printing
    engine.wait(engine.create("print-nothing", "quick"), "complete")
    shell = terminal("--local", str(engine.port), "-w", WORKFLOW, "-i", "print-nothing")
    shell.wait_for("print-nothing", "finished")
    shell.send(b"l")
    shell.wait_for("It has ended, and the session's store has no line of it.")


async def test_engine_that_keeps_no_lines_says_so(engine, fresh):
    identity = engine.create(fresh("silent"), "quick")
    client = await connect(Settings(base_url=f"http://127.0.0.1:{engine.port}", local=True))
    try:
        with pytest.raises(Refused, match="keeps no log lines"):
            await client.log_reader().read(LogQuery(WORKFLOW, identity, 0, 1))
    finally:
        await client.close()
