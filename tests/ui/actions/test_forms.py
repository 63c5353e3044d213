"""What a form says of its fields, and of what became of its editor."""

import json

from tests.support.harness.dashboard import drive


def test_why_there_is_no_editor_is_said_until_a_field_changes():
    """A terminal that was lent to an editor is taken back with its size, which is a resize."""

    async def script(d):
        await d.press("c", "ctrl+o")
        assert "no editor: " in d.text
        await d.pilot.resize_terminal(120, 40)
        await d.settled()
        assert "no editor: " in d.text
        await d.type("x")
        assert "no editor: " not in d.text

    drive(script)


def test_params_come_from_a_file_that_is_named(tmp_path):
    path = tmp_path / "params.json"

    async def script(d):
        await d.press("c", "tab")
        await d.type(f"@{path}")
        assert "could not be read: No such file" in " ".join(d.text.split())
        path.write_text('{"seat": "12A"}', encoding="utf-8")
        await d.type(" ")
        await d.until(lambda: "ready: enter asks" in d.text)
        assert d.app.screen.make_plan().new[0].params == {"seat": "12A"}

    drive(script, size=(140, 40))


def test_each_wait_gets_its_payload_from_a_file(tmp_path):
    """One that the file lacks is skipped, and so is one that stopped waiting while the prompt stood."""
    path = tmp_path / "payloads.jsonl"

    async def script(d):
        await d.press("instance.send_event")
        await d.until(lambda: d.app.screen.query("WaitTable") and len(d.app.screen.table.rows) > 5)
        waits = [wait.instance for wait in d.app.screen.table.rows if wait.event_type == "approve"][:3]
        d.app.screen.table.marked |= set(waits)
        await d.until(lambda: "3 marked · " in d.text)
        path.write_text('{"id": "elsewhere", "payload": 1}\n', encoding="utf-8")
        await d.press("instance.send_event")
        await d.type(f"@{path}")
        assert "elsewhere is none of those that were chosen" in " ".join(d.text.split())
        lines = [json.dumps({"id": identity, "payload": {"for": identity}}) for identity in waits[:2]]
        path.write_text("\n".join(lines), encoding="utf-8")
        await d.type(" ")
        await d.press("enter")
        await d.passes(1)
        assert "1 skipped: the file has no payload for it" in d.text
        assert "one that does not wait for it any more gets nothing" in " ".join(d.text.split())
        await d.app.session.api.send_event("orders", waits[0], "approve", {"approved": True})
        await d.passes(5)
        sent = len(d.server.state.requests)
        await d.type("2")
        await d.passes(1)
        await d.press("y")
        await d.until(lambda: d.app.desk.last is not None and d.app.desk.last.over)
        (event,) = [request for request in d.server.state.requests[sent:] if request.method == "POST"]
        assert f"/{waits[1]}/events/approve" in event.path
        assert json.loads(event.body) == {"for": waits[1]}
        assert "it does not wait for approve any more" in " ".join(d.text.split())

    drive(script, size=(140, 40))


def test_events_say_on_a_narrow_line_how_many_wait():
    """The sums had no room in 80 columns, and were left out whole: marks too, to which the event goes."""

    async def script(d):
        await d.press("instance.send_event")
        await d.until(lambda: "approve" in d.text)
        assert " waiting" in d.lines[0]
        assert "events in orders" in d.lines[0]
        await d.press("move.first", "mark.toggle")
        await d.until(lambda: "1 marked · " in d.lines[0])

    drive(script, size=(80, 24), demo=False)
