"""An answer without end or without bottom: a sentence, and memory that stays small."""

import gzip
import subprocess
import sys
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.harness.program import ACCOUNT, TOKEN, environment

MOST = 150
"""MiB at the peak: the 64 that an answer may have, and Python."""
MEASURED = """
import re, sys
from pathlib import Path
from wfdash.cli.main import run
code = run(sys.argv[1:])
peak = re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())
print(int(peak[1]) // 1024)
sys.exit(code)
"""
"""The kernel's ru_maxrss would count what the process that started this one had in memory."""
BOMB = gzip.compress(b" " * 15_000_000, 6) * 100
"""A gigabyte and a half."""
DEEP = b'{"success":true,"errors":[],"messages":[],"result":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
LIST, SHOW = ("list",), ("show", "-i", "order-1")


class Bottomless(BaseHTTPRequestHandler):
    """/bomb: a megabyte that unpacks to a gigabyte. /endless: bytes for as long as anybody listens."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if "/bomb/" in self.path:
            self.send_header("Content-Encoding", "gzip")
        if "/bombs/" in self.path:
            self.send_header("Content-Encoding", "gzip, gzip, gzip")
        self.end_headers()
        try:
            self._answer()
        except OSError:
            self.close_connection = True

    def _answer(self):
        if "/deep/" in self.path:
            self.wfile.write(DEEP)
        elif "/bomb/" in self.path:
            self.wfile.write(BOMB)
        elif "/bombs/" in self.path:
            self.wfile.write(gzip.compress(gzip.compress(BOMB)))
        else:
            while True:
                self.wfile.write(b" " * 1_000_000)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def bottomless():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bottomless)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


CASES = (
    ("bomb", SHOW, "larger than 64 MiB"),
    ("bombs", SHOW, "compressed 3 times over"),
    ("endless", SHOW, "larger than 64 MiB"),
    ("bomb", LIST, "larger than 16 MiB"),
    ("endless", LIST, "larger than 16 MiB"),
    ("deep", LIST, "nested"),
)


def test_it_is_told_and_memory_stays_small(bottomless):
    """All at once: each tries again and again, and rests in between."""
    env = {"CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_ACCOUNT_ID": ACCOUNT}
    with ExitStack() as stack:
        asking = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", MEASURED, *command, "-w", "orders"],
                    env=environment(**env, CLOUDFLARE_API_BASE_URL=f"{bottomless}/{kind}/client/v4"),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for kind, command, _ in CASES
        ]
        for case, each in zip(CASES, asking):
            out, err = each.communicate(timeout=300)
            assert each.returncode == 5, (case, err)
            assert case[2] in err, (case, err)
            assert int(out) < MOST, case
