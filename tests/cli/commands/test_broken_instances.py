"""Instances that the server fails to answer for: the others are read all the same, and these are named."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

ERROR = {"name": "Error", "message": "boom"}


def ended_at(number):
    """The first of them ended last."""
    return (datetime.now(UTC) - timedelta(minutes=1 + number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def listed(number):
    ended = ended_at(number)
    return {
        "id": f"f{number}",
        "status": "errored",
        "created_on": ended,
        "started_on": ended,
        "ended_on": ended,
    }


class _Api(BaseHTTPRequestHandler):
    broken = frozenset[str]()
    shown = 9

    def do_GET(self) -> None:
        identity = self.path.partition("?")[0].rpartition("/")[2]
        if "/instances/" not in self.path:
            rows = [listed(number) for number in range(self.shown)] if "/instances" in self.path else []
            return self._answer(rows, {"count": len(rows), "total_count": len(rows), "cursor": ""})
        if identity in self.broken:
            return self._answer(None, None, 500)
        at = ended_at(int(identity[1:]))
        return self._answer({"status": "errored", "end": at, "error": ERROR, "steps": [], "step_count": 0})

    def _answer(self, result, info=None, code=200):
        errors = [] if code == 200 else [{"code": 10001, "message": "workflows.api.error.internal_server"}]
        value = {
            "success": code == 200,
            "errors": errors,
            "messages": [],
            "result": result,
            "result_info": info,
        }
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def serving_but():
    """Serves nine errored instances, all but these of which can be read."""
    servers = []

    def serve(*broken):
        api = type("Api", (_Api,), {"broken": frozenset(broken)})
        server = ThreadingHTTPServer(("127.0.0.1", 0), api)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return {
            "CLOUDFLARE_API_TOKEN": "x-fake",
            "CLOUDFLARE_ACCOUNT_ID": "fa4e0000000000000000000000000000",
            "CLOUDFLARE_API_BASE_URL": f"http://127.0.0.1:{server.server_port}/client/v4",
        }

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_history_tells_the_causes_of_those_that_were_read(program, serving_but):
    env = serving_but("f2", "f5")
    done = program("history", "-w", "orders", "--by", "error", env=env)
    assert done.returncode == 5
    assert done.stdout.split()[0] == "7"
    assert "7 errored instances read in full" in done.stderr
    assert "2 could not be read: f2, f5" in done.stderr
    assert done.stderr.count("trying again") == 1, "of many broken ones it is said once"


def test_list_goes_on_beyond_what_could_not_be_read(program, serving_but):
    env = serving_but("f2", "f5")
    search = ("list", "-w", "orders", "--filter", "error~boom", "--read-details", "0")
    done = program(*search, env=env)
    assert done.returncode == 5
    assert len(done.stdout.splitlines()) == 7
    assert "7 of 9 listed match; 7 read in full" in done.stderr
    assert "2 could not be read: f2, f5" in done.stderr


def test_server_that_answers_for_none_ends_the_command(program, serving_but):
    env = serving_but(*(f"f{number}" for number in range(9)))
    done = program("history", "-w", "orders", "--by", "error", env=env)
    assert done.returncode == 5
    assert done.stdout == ""
    assert "f0 could not be read: The API failed" in done.stderr
