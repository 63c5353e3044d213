"""Strings of other people in every field: none of their bytes reaches stdout as a control."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

HOSTILE = (
    "a\x1b[2J\x1b]52;c;c2VjcmV0\x07\x9b2J\u202eb\u200bc\n\r\t\x00\x7f[/x][@click=app.quit]\U000e0041\ud800z"
)
AT = "2026-11-21T10:00:00.000Z"
ROW = {
    "id": f"id-{HOSTILE}",
    "status": HOSTILE,
    "created_on": AT,
    "modified_on": AT,
    "started_on": None,
    "ended_on": HOSTILE,
    "version_id": HOSTILE,
    "workflow_id": HOSTILE,
    "trigger_source": HOSTILE,
    HOSTILE: {HOSTILE: [HOSTILE, 10**400, 1.5e300]},
}
ERROR = {"name": HOSTILE, "message": HOSTILE}
STEP = {
    "type": "step",
    "name": f"{HOSTILE}-1",
    "start": AT,
    "end": None,
    "success": False,
    "output": HOSTILE,
    "error": ERROR,
    "config": {"retries": {"limit": 3, "delay": HOSTILE, "backoff": HOSTILE}, "timeout": HOSTILE},
    "attempts": [{"start": AT, "end": AT, "success": False, "error": ERROR}],
}
DETAIL = {
    "status": HOSTILE,
    "params": {HOSTILE: HOSTILE},
    "trigger": {"source": HOSTILE},
    "versionId": HOSTILE,
    "queued": AT,
    "start": AT,
    "end": None,
    "error": ERROR,
    "output": HOSTILE,
    "step_count": 3,
    "steps": [
        STEP,
        {**STEP, "type": HOSTILE},
        {"type": "waitForEvent", "name": HOSTILE, "start": AT, "end": HOSTILE, "finished": False,
         "event_type": HOSTILE, "error": ERROR, "output": HOSTILE},
        {"type": "sleep", "name": HOSTILE, "start": AT, "end": AT, "finished": False, "error": None},
        {"type": "termination", "trigger": {"source": HOSTILE}},
    ],
}  # fmt: skip


class _Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if "/instances/" in self.path:
            result, info = DETAIL, None
        elif "/instances" in self.path:
            result, info = [ROW], {"count": 1, "total_count": 1, "cursor": ""}
        elif "refused" in self.path:
            result, info = None, None
        else:
            result, info = [{"name": HOSTILE}, {"name": "b"}], {"total_count": 2}
        self._answer(
            {
                "success": result is not None,
                "errors": [],
                "messages": [],
                "result": result,
                "result_info": info,
            }
        )

    def do_PATCH(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        failure = {"code": 10001, "message": HOSTILE}
        self._answer({"success": False, "errors": [failure], "messages": [HOSTILE], "result": None}, 400)

    def _answer(self, value: object, code: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def hostile() -> Iterator[dict[str, str]]:
    """A server all of whose strings are hostile."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Api)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield {
        "CLOUDFLARE_API_TOKEN": "x-fake",
        "CLOUDFLARE_ACCOUNT_ID": "fa4e0000000000000000000000000000",
        "CLOUDFLARE_API_BASE_URL": f"http://127.0.0.1:{server.server_port}/client/v4",
    }
    server.shutdown()
    thread.join()
    server.server_close()


def harmless(text: str, separators: str = "\n") -> bool:
    return all(character.isprintable() or character in separators for character in text)


@pytest.mark.parametrize(
    ("arguments", "code", "lines"),
    [
        (["list", "-w", "orders"], 0, 1),
        (["list"], 2, 0),
        (["show", "-w", "orders", f"id-{HOSTILE[:3]}"], 0, None),
        (["tail", "-w", "orders", "-i", "id-a", "--until", "final", "--timeout", "1s"], 5, 1),
        (["terminate", "-w", "orders", "id-a", "--yes"], 1, 1),
    ],
)
def test_text_holds_no_control_of_theirs(program, hostile, arguments, code, lines):
    done = program(*arguments, env=hostile)
    assert done.returncode == code, done.stderr
    assert harmless(done.stdout, "\n\t" if arguments[0] == "tail" else "\n"), ascii(done.stdout)
    assert harmless(done.stderr), ascii(done.stderr)
    assert lines is None or done.stdout.count("\n") == lines


@pytest.mark.parametrize("command", ["list", "show"])
def test_json_keeps_every_value_and_is_ascii(program, hostile, command):
    done = program(
        command, "-w", "orders", *(["-i", "id-a"] if command == "show" else []), "--json", env=hostile
    )
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert harmless(done.stdout)
    value = json.loads(done.stdout)
    assert (value if command == "list" else value["result"]) == (ROW if command == "list" else DETAIL)
