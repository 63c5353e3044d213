"""Watching, noting, exporting and handing over, by the keys, over the simulator."""

import csv
import json
import re

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.dashboard import drive, opened
from wfdash.api.interface import NewInstance
from wfdash.core.handoff.handover import read_handover
from wfdash.demo.engine.program import Do
from wfdash.demo.engine.workflow import SimulatedWorkflow
from wfdash.live.records.record.opening import open_record


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where exports go: the working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def only_file(folder, ending):
    (path,) = folder.glob(f"*.{ending}")
    assert path.stat().st_mode & 0o777 == 0o600
    return path


def test_a_watched_instance_that_changes_rings_and_is_told():
    async def script(dashboard):
        app = dashboard.app
        rung, written = [], []
        app.bell = lambda: rung.append(True)
        app.context.terminal.write = written.append
        await dashboard.until(lambda: any(row.status == "waiting" for row in app.session.poller.store))
        row = next(row for row in app.session.poller.store if row.status == "waiting")
        app.root.table.move_to_key(row.id)
        await dashboard.press("instance.watch")
        await dashboard.until(lambda: app.session.poller.watched.states[0].status == "waiting")
        assert not rung
        await app.session.api.change_status("orders", row.id, "terminate")
        await dashboard.until(lambda: rung)
        assert f"watched {row.id}: was waiting, now terminated" in dashboard.text
        assert "\x1b]2;wfdash: 1 changed\x07" in written[-1]
        await dashboard.press("move.down")
        assert written[-1] == "\x1b]2;wfdash\x07"
        await dashboard.press("instance.watch")
        assert [entry.text for entry in app.shift.story] == ["waiting, now terminated"]

    drive(script)


def test_the_same_key_stops_watching():
    async def script(dashboard):
        await dashboard.press("instance.watch")
        assert len(dashboard.app.shift.pins) == 1
        await dashboard.press("instance.watch")
        assert len(dashboard.app.shift.pins) == 0

    drive(script)


def test_a_note_and_an_action_make_the_story(folder):
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("note.write")
        await dashboard.type("called the bank")
        await dashboard.press("enter")
        await dashboard.press("export.menu", "s")
        await dashboard.until(lambda: list(folder.glob("*.md")))
        assert "wrote" in dashboard.text
        text = only_file(folder, "md").read_text()
        assert "note: called the bank" in text
        assert app.root.table.instance in text

    drive(script)


def test_the_table_is_exported_as_it_is_filtered(folder):
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("filter.edit")
        await dashboard.type("status:errored")
        await dashboard.press("enter")
        ids = list(app.root.rows.view.ids())
        await dashboard.press("export.menu", "c")
        await dashboard.until(lambda: list(folder.glob("*.csv")))
        rows = list(csv.reader(only_file(folder, "csv").read_text().splitlines()))
        assert [row[0] for row in rows[1:]] == ids
        assert {row[1] for row in rows[1:]} <= {"errored"}
        await dashboard.press("export.menu", "n")
        await dashboard.until(lambda: list(folder.glob("*.ndjson")))
        lines = only_file(folder, "ndjson").read_text().splitlines()
        assert [json.loads(line)["id"] for line in lines] == ids

    drive(script)


def test_the_record_is_exported_for_a_replay(folder):
    async def script(dashboard):
        listed = {row.id for row in dashboard.app.session.poller.store}
        await dashboard.until(lambda: dashboard.app.session.recorder.started)
        await dashboard.press("export.menu", "r")
        await dashboard.until(lambda: "wrote" in dashboard.text)
        reader = open_record(only_file(folder, "db"))
        found = {row.id for row in reader.rows("orders", reader.last, limit=1000)}
        reader.close()
        assert listed <= found

    drive(script)


def test_export_of_loaded_rows_is_not_called_all_there_is(folder):
    async def script(dashboard):
        poller = dashboard.app.session.poller
        await dashboard.until(lambda: poller.total)
        assert not poller.history.complete
        number, loaded = len(dashboard.app.root.rows.view), len(poller.store)
        await dashboard.press("export.menu", "c")
        await dashboard.until(lambda: "wrote" in dashboard.text)
        wanted = f"{number:,} rows out of {loaded:,} loaded of {poller.total:,}"
        assert wanted in " ".join(dashboard.text.split())

    drive(script, filter="status:errored", scenario="incident", size=(220, 40))


def test_exported_instance_has_in_full_what_the_answer_cut(folder):
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("row.open")
        instance = app.pages.subject[1]
        await dashboard.until(lambda: (state := app.session.poller.detail(instance)) and state.detail)
        await dashboard.press("export.menu", "j")
        await dashboard.until(lambda: list(folder.glob("*.json")))
        saved = json.loads(only_file(folder, "json").read_text())
        assert (saved["workflow"], saved["id"]) == ("orders", instance)
        cut = [
            step
            for step in saved["result"]["steps"]
            if str(step.get("output")).endswith("[truncated output]")
        ]
        assert len(saved["step_outputs"]) == len(cut)

    drive(script)


def test_instance_never_opened_is_read_to_be_exported(folder):
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("move.last")
        instance = app.pages.subject[1]
        assert app.session.poller.detail(instance) is None
        await dashboard.press("export.menu", "m")
        await dashboard.until(lambda: list(folder.glob("*.md")))
        assert instance in only_file(folder, "md").read_text()
        assert "wrote" in dashboard.text

    drive(script, size=(80, 24))


@pytest.mark.parametrize(("key", "ending"), [("m", "md"), ("j", "json")])
def test_exported_gone_instance_says_no_more_than_the_screen(folder, key, ending):
    async def script(dashboard):
        app = dashboard.app
        orders = dashboard.world.workflows["orders"]
        subject = next(orders.walk(newest_first=True, status="waiting"))
        app.pages.show_instance("orders", subject.id)
        await dashboard.until(lambda: (state := app.session.poller.detail(subject.id)) and state.detail)
        orders.forget(subject)
        await dashboard.until(lambda: app.session.poller.detail(subject.id).gone)
        app.session.poller.frozen = True
        await dashboard.passes(100)
        await dashboard.press("export.menu", key)
        await dashboard.until(lambda: list(folder.glob(f"*.{ending}")))
        file = only_file(folder, ending).read_text()
        said = json.loads(file)["why"] if key == "j" else file.split("\n\n")[1]
        assert said in dashboard.text

    drive(script, size=(200, 40))


def test_a_handover_opens_on_the_same_place(folder):
    written = {}

    async def first():
        async with opened() as dashboard:
            app = dashboard.app
            await dashboard.press("filter.edit")
            await dashboard.type("status:errored")
            await dashboard.press("enter", "sort.next", "move.down", "mark.toggle", "instance.watch")
            await dashboard.press("export.menu", "h")
            await dashboard.until(lambda: list(folder.glob("*.jsonl")))
            written["place"] = (app.root.table.instance, app.root.rows.marks.ids, app.root.rows.order)
            written["pins"] = list(app.shift.pins)

    simulate(first())
    handover = read_handover(only_file(folder, "jsonl").read_text().splitlines())
    assert handover.loss == ""

    async def second():
        async with opened(filter=handover.filter, handover=handover) as dashboard:
            app = dashboard.app
            root = app.root
            await dashboard.settled()
            assert re.search(r"handed over \d\d:\d\d:\d\d UTC: 1 watched \(F\)", dashboard.text)
            assert root.rows.query.text == "status:errored"
            assert (root.rows.marks.ids, root.rows.order) == written["place"][1:]
            assert list(app.shift.pins) == written["pins"]

    simulate(second())


def test_nothing_is_ever_overwritten(folder):
    async def script(dashboard):
        for number in (1, 2, 3):
            await dashboard.press("export.menu", "n")
            await dashboard.until(lambda number=number: len(list(folder.glob("*.ndjson"))) == number)

    drive(script)


def test_export_to_a_locked_folder_goes_to_the_state_folder(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    async def script(dashboard):
        await dashboard.press("export.menu", "n")
        await dashboard.until(lambda: "wrote" in dashboard.text or "not written" in dashboard.text)
        assert "wrote" in dashboard.text

    drive(script)


def long_report(story):
    for page in range(8):
        yield Do(f"write page {page}", takes=1, output="a line of the report\n" * 100)


def test_long_export_says_how_far_it_is_and_stops(folder):
    async def script(dashboard):
        app, world = dashboard.app, dashboard.world
        start = world.clock() - 60
        world.add_workflow(SimulatedWorkflow("reports", long_report, "a-worker", "Report", start)).deploy(
            start
        )
        await app.session.api.create_instance("reports", NewInstance("report-1"))
        await dashboard.passes(30)
        app.pages.show_instance("reports", "report-1")
        await dashboard.until(lambda: (state := app.session.poller.detail("report-1")) and state.detail)
        dashboard.server.state.latency = 2.0
        await dashboard.press("export.menu", "j")
        far = re.compile(
            r"export of report-1: [1-7] of 8 step outputs are read, a request each · e, then x stops it"
        )
        await dashboard.until(lambda: far.search(dashboard.text))
        await dashboard.press("export.menu")
        await dashboard.until(lambda: "stop the export" in dashboard.text)
        assert 0 < int(re.search(r"(\d) of 8 step outputs are read", dashboard.text)[1]) < 8
        await dashboard.press("x")
        await dashboard.until(lambda: "the export was stopped: no file was written" in dashboard.text)
        await dashboard.until(lambda: "export of report-1" not in dashboard.text)
        await dashboard.passes(60)
        assert not list(folder.iterdir())

    drive(script)
