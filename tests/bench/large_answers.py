"""`python -m tests.bench.large_answers` serves answers too large for any account; its port is its first line.

Each is what a workflow of that name answers: `rows-60000` lists so many, `workflows-50000` are so many.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.bench.big_screen import item
from tests.support.fakes.details import answer, attempt, done, failure, sleep, step

__all__ = ["DETAILS", "LISTS", "WORKFLOWS"]

_MEGABYTE = 1_000_000


def _steps(number: int, output: str = "") -> dict[str, Any]:
    """Every other step was retried three times."""
    rows = []
    for n in range(number):
        tries = [attempt(n + part / 10, n + part / 10 + 0.05, part == 3) for part in range(4)]
        row = (
            step(f"fetch {n % 3}-{n // 3 + 1}", n, n + 0.8, True, tries)
            if n % 2
            else done(f"s {n}-1", n, n + 1)
        )
        rows.append({**row, "output": output} if output else row)
    return answer("running", rows)


def _nested(number: int) -> list[Any]:
    return [{"id": n, "tags": ["a", "b", {"c": [n]}], "more": {"x": None, "y": 1.5}} for n in range(number)]


def _rows(number: int) -> list[Any]:
    return [{**item(n), "ended_on": None} for n in range(number)]


def _workflows(number: int, tail: str = "") -> list[Any]:
    return [{"name": f"w{n}{tail}", "id": str(n), "instances": {"running": n}} for n in range(number)]


DETAILS = {
    "6 MB of 10,000 steps": lambda: _steps(10_000),
    "60 MB of 100,000 steps": lambda: _steps(100_000),
    "60 MB of 10,000 steps and their outputs": lambda: _steps(10_000, "x" * 5400),
    "8 MB of numbers in params": lambda: answer("running", [], params=[7] * (4 * _MEGABYTE // 3 * 2)),
    "4 MB of objects in params": lambda: answer("running", [], params=_nested(48_000)),
    "4 MB of objects in params and in output": lambda: answer(
        "complete", [], params=_nested(48_000), output=_nested(48_000)
    ),
    "30 MB of text as output": lambda: answer("complete", [], output="日本 e\u0301" * 5 * _MEGABYTE),
    "4 MB of marks as output": lambda: answer("complete", [], output="e" + "\u0301" * 2 * _MEGABYTE),
    "4 MB in one error": lambda: answer(
        "errored",
        [{**done("a-1", 0, 1), "success": False, "error": {"name": "E", "message": "日" * _MEGABYTE}}],
        error={"name": "E", "message": "e" + "\u0301" * _MEGABYTE},
    ),
    "12 MB in three names": lambda: answer(
        "running", [step("e" + "\u0301" * 2 * _MEGABYTE, n) for n in range(3)]
    ),
    "8 MB of steps that run": lambda: answer("running", [step(f"fetch {n}-1", n) for n in range(25_000)]),
    "8 MB of steps that failed": lambda: answer(
        "errored",
        [step(f"fetch {n}-1", n, n + 1, False) | {"error": failure()} for n in range(16_000)],
        error=failure(),
        end=20_000,
    ),
    "8 MB of sleeps": lambda: answer("waiting", [sleep(f"nap {n}-1", n, 1e9) for n in range(45_000)]),
    "60 MB of empty steps": lambda: answer("running", [{}] * 900_000),
}
LISTS = {
    "12 MB of 40,000 rows": lambda: _rows(40_000),
    "1,000 rows with ids of 1,000 marks": lambda: [
        {**row, "id": f"{number}" + "e\u0301\u0301" * 333} for number, row in enumerate(_rows(1000))
    ],
    "15 MB in one id": lambda: [{**item(0), "id": "日" * 5 * _MEGABYTE}],
}
WORKFLOWS = {
    "50,000 workflows": lambda: _workflows(50_000),
    "2,000 workflows with names of 300 marks": lambda: _workflows(2000, "e" + "\u0301" * 300),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bodies: dict[str, bytes] = {}

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        parts = path.strip("/").split("/")[2:]
        result: Any = {"status": "running", "steps": []}
        if parts[-1] == "workflows":
            result = [{"name": "orders", "id": "1", "instances": {}}]
        elif parts[-1] == "instances":
            result = [] if "status=" in query else [item(number) for number in range(30)]
        body = json.dumps({"success": True, "errors": [], "messages": [], "result": result}).encode()
        if self.is_wanted(parts, query):
            body = self.wanted
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    wanted = b""
    kind = ""

    def is_wanted(self, parts: list[str], query: str) -> bool:
        if self.kind in WORKFLOWS:
            return parts[-1] == "workflows"
        if self.kind in LISTS:
            return parts[-1] == "instances" and "status=" not in query
        return parts[-2] == "instances"

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    make = {**DETAILS, **LISTS, **WORKFLOWS}[sys.argv[1]]
    _Handler.kind = sys.argv[1]
    _Handler.wanted = json.dumps(
        {"success": True, "errors": [], "result": make()}, ensure_ascii=False
    ).encode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    print(server.server_port, len(_Handler.wanted), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
