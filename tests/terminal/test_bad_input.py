"""What was named wrongly or cannot be reached: one whole sentence in its place, and another try by itself."""

import http.server
import threading

import pytest

from tests.support.harness.act import press_until
from tests.support.harness.program import TOKEN
from tests.support.harness.simulator import Simulator


class Page(http.server.BaseHTTPRequestHandler):
    """A captive portal: a page for everything."""

    def do_GET(self):
        page = b"<!DOCTYPE html><html><title>Sign in</title></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


@pytest.fixture
def portal():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/client/v4"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def simulator():
    running = Simulator("calm", stopped=True)
    yield running
    running.stop()


def is_said(shell, *sentences):
    """One after the other: the last of them comes and goes with each try."""
    for sentence in sentences:
        shell.wait_for(sentence)


def left(shell):
    press_until(shell, "q", lambda: shell.ended)
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []


REFUSED = "Nothing listens at 127.0.0.1:9 (connection refused). Check the network and any proxy, and the base"
NOWHERE = "http://127.0.0.1:9/client/v4"
CASES = {
    "a workflow that is not there": (
        ["-w", "ordrs"],
        {},
        "There is no workflow ordrs in this account (404, code 10200, workflow.not_found).",
    ),
    "a token that is refused": (
        ["-w", "orders"],
        {"CLOUDFLARE_API_TOKEN": TOKEN},
        "The API does not accept the credentials from CLOUDFLARE_API_TOKEN (401, code 10000",
    ),
    "an account that is another's": (
        ["-w", "orders"],
        {"CLOUDFLARE_ACCOUNT_ID": "f" * 32},
        "These credentials may not list the instances (403, code 9109",
    ),
    "a closed port": (
        ["-w", "orders"],
        {"CLOUDFLARE_API_BASE_URL": NOWHERE},
        REFUSED,
    ),
    "a closed port and no workflow": (
        [],
        {"CLOUDFLARE_API_BASE_URL": NOWHERE},
        REFUSED,
    ),
    "a path that is no API": (
        ["-w", "orders"],
        {"CLOUDFLARE_API_BASE_URL": "SIMULATOR/wrong"},
        "The API found nothing to list the instances (404, code 7000",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_dashboard_says_it_whole_and_keeps_trying(terminal, simulator, case):
    arguments, env, sentence = CASES[case]
    origin = simulator.env["CLOUDFLARE_BASE_URL"].removesuffix("/client/v4")
    env = {name: value.replace("SIMULATOR", origin) for name, value in env.items()}
    shell = terminal(*arguments, columns=80, lines=24, env={**simulator.env, **env})
    is_said(shell, sentence, "wfdash keeps trying", "wfdash doctor", "▲ nothing read yet · again in")
    assert shell.screen.words.count("keeps trying") == 1
    left(shell)


def test_missing_workflow_offers_a_key_to_those_there(terminal, simulator):
    shell = terminal("-w", "ordrs", columns=80, lines=24, env=simulator.env)
    is_said(shell, "There is no workflow ordrs", "w lists those there are")
    shell.press("w")
    shell.wait_for("refunds", "NEXT CRON")
    left(shell)


def test_a_page_in_the_way(terminal, simulator, portal):
    env = {**simulator.env, "CLOUDFLARE_API_BASE_URL": portal}
    shell = terminal("-w", "orders", columns=80, lines=24, env=env)
    is_said(shell, "The answer is an HTML page instead of JSON (200, text/html).", "wfdash keeps trying")
    left(shell)


def test_an_instance_that_is_not_there(terminal, simulator):
    shell = terminal("-w", "orders", "-i", "order-nope", columns=80, lines=24, env=simulator.env)
    is_said(shell, "order-nope not found", "no such instance: was it deleted, has it expired, or is the")
    assert "final" not in shell.screen.text
    shell.press("escape")
    shell.wait_for("BLOCKED ON", "order-86")
    left(shell)


@pytest.mark.parametrize(
    ("arguments", "config", "words"),
    [
        (["--profile", "nope"], "", 'There is no profile "nope"'),
        ([], "[profiles.x\n", "line 1"),
        ([], '[profiles.x]\ntoken = "y"\n', "token"),
        (["--base-url", "nonsense"], "", "is not an https:// address"),
        (["--base-url", "http://example.test"], "", "http"),
    ],
)
def test_what_can_be_known_at_once_is_exit_2(terminal, simulator, tmp_path, arguments, config, words):
    path = tmp_path / "config.toml"
    path.write_text(config)
    shell = terminal(*arguments, "--config", str(path), columns=200, env=simulator.env)
    assert shell.wait_exit() == 2
    assert words in shell.screen.text
    assert b"\x1b" not in shell.written
