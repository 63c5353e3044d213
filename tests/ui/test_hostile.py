"""Strings that want to be commands, in every cell: the grid holds and the raw values stay."""

import json

import pytest

from tests.support.harness.dashboard import drive
from wfdash.core.model.times import iso

HOSTILE = [
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J\x1b[5;5H",
    "\x9b31m\x9d0;x\x9c",
    "\x1bP1;2|\x1b\\",
    "\u202e\u2066gnp.exe\u2069",
    "a\u200bb\ufeffc\u00ad",
    "\U000e0041\U000e007f",
    "line\nbreak\r\tand\x0btabs\x00\x7f",
    "[/x] [@click=app.quit]boo[/]",
    "[link=https://example.test]x[/link]",
    "e" + "\u0301" * 200,
    "界" * 60,
    "👩‍👩‍👧‍👦🇩🇪1️⃣" * 9,
    "x" * 5000,
    "\udfff\ud800",
    "\u3164\u115f\u2028\u2029",
]


def answer(result, **more):
    body = json.dumps({"success": True, "errors": [], "messages": [], "result": result, **more}).encode()

    async def send_it(send):
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return send_it


def server(now):
    """Lists one instance for each hostile string, which also stands in all its other fields."""

    def row(number, text):
        return {
            "id": f"{number:02d}{text}",
            "status": text if number % 2 else "running",
            "version_id": text,
            "trigger_source": text,
            "created_on": iso(now - 60 * number),
            "modified_on": iso(now),
            "started_on": iso(now - 60 * number),
            "ended_on": None,
        }

    rows = [row(number, text) for number, text in enumerate(HOSTILE)]
    evil = HOSTILE[0] + HOSTILE[4]

    async def app(scope, receive, send):
        path = scope["path"]
        if path.endswith("/instances"):
            reply = answer(rows, result_info={"total_count": len(rows), "per_page": 100})
        elif "/instances/" in path:
            step = {
                "type": evil,
                "name": evil,
                "start": evil,
                "attempts": [{"error": {"name": evil, "message": evil}}],
            }
            reply = answer(
                {
                    "status": evil,
                    "error": {"name": evil, "message": evil},
                    "params": {evil: evil},
                    "output": evil,
                    "trigger": {"source": evil},
                    "versionId": evil,
                    "steps": [step, {**step, "type": "waitForEvent", "event_type": evil}],
                    "step_count": 2,
                }
            )
        elif path.endswith("/workflows"):
            reply = answer(
                [{"name": evil, "id": evil, "class_name": evil, "script_name": evil, "instances": {evil: 3}}]
            )
        else:
            reply = answer({"name": evil, "id": evil, "instances": {evil: 3, "running": 2}})
        await reply(send)

    return app


@pytest.mark.parametrize("size", [(140, 40), (80, 24), (20, 6)])
def test_hostile_strings_neither_break_the_grid_nor_get_out(size):
    async def look(d):
        width, height = size
        strips = d.app.screen._compositor.render_strips()
        assert len(strips) == height
        for strip in strips:
            assert strip.cell_length == width
            assert strip.text.isprintable(), repr(strip.text)

    async def script(d):
        await d.until(lambda: d.app.root.table.row_count() == len(HOSTILE))
        await look(d)
        for _ in range(len(HOSTILE)):
            await d.press("j")
            await d.passes(0.5)
            await look(d)
        raw = {d.app.root.table.row_key(index)[2:] for index in range(len(HOSTILE))}
        assert raw == set(HOSTILE)
        for page in ("copy.menu", "palette.open", "row.open", "workflows.open", "help.open"):
            await d.press(page)
            await d.passes(1)
            await look(d)
            await d.press("escape")
        await d.press("space", "filter.edit")
        await d.type("[/x]")
        await look(d)

    drive(script, size=size, serve=server(1_800_000_000.0))


def test_the_last_filter_catches_what_a_widget_forgot():
    from rich.segment import Segment
    from textual.color import Color

    from wfdash.ui.terminal.filters import AsciiFilter, PrintableFilter

    black = Color.parse("black")
    for text in HOSTILE:
        (segment,) = PrintableFilter().apply([Segment(text)], black)
        assert segment.text.isprintable()
        assert len(segment.text) == len(text)
        (segment,) = AsciiFilter().apply([Segment(segment.text)], black)
        assert segment.text.isascii()
