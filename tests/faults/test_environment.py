"""Every variable that wfdash, its HTTP client, Python's TLS, Textual and Python read, set to what is no good.

Each is taken without harm, or ends the program with exit 2 and a sentence that names it.
"""

import os

import httpx
import pytest

from tests.support.harness.act import ROWS
from tests.support.harness.program import ACCOUNT, TOKEN
from wfdash.cli.exits import UsageError
from wfdash.cli.main import run
from wfdash.cli.terminal import take_variables

NOWHERE = "https://127.0.0.1:9/client/v4"
"""Nothing listens there, so that what is taken ends with 5."""
FOLDER, FILE, GONE, PIPE, PASSWORD = "<folder>", "<file>", "<gone>", "<pipe>", "hunter2secret"

PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
BAD_PROXIES = (
    "http://",
    "http://:3128",
    "http://host:port",
    "http://host:99999",
    "http://[::1",
    "http://a b:1",
    "://x",
    f"http://me:{PASSWORD}@",
    f"me:{PASSWORD}@host:x",
    "socks4://127.0.0.1:9",
    "socks://127.0.0.1:9",
    "ftp://127.0.0.1:9",
    "file:///etc/passwd",
    "http://xn--/",
    "http://256.1.1.1:1",
    "http://a..b",
    "http://\x1b[2J",
)
GOOD_PROXIES = (
    "http://127.0.0.1:9",
    "127.0.0.1:9",
    "https://127.0.0.1:9",
    "socks5://127.0.0.1:9",
    "socks5h://127.0.0.1:9",
    f"http://me:{PASSWORD}@127.0.0.1:9",
    f"socks5://me:{PASSWORD}@127.0.0.1:9",
    "http://[::1]:9",
    "",
    "  ",
)
BYPASSES = (
    "localhost,fd00::/8",
    "*",
    "127.0.0.0/8",
    "127.0.0.1",
    "::1,[::1]:80",
    "[::1",
    "fd00::/999",
    ".svc,.cluster.local",
    "10.0.0.0/8 172.16.0.0/12",
    "a:b:c",
    "http://127.0.0.1",
    "*.example.com",
    ",,,",
    "x:port",
    "\x1b",
    "xn--",
    "é.example",
)
BASES = (
    "https://xn--/",
    "https://xn--a/",
    "https://",
    "https://[::1",
    "https://a:port/",
    "https://a b/",
    "nonsense",
    "ftp://a/",
    "https://a/?q",
    "https://a/#f",
    "http://example.com/",
    "https://me:pw@a/",
    "https://a..b/",
    "https://256.256.256.256/",
    "https://a/\x01",
    "https://" + "a" * 300,
    "https://\udcff/",
    "https://%41/",
)

REFUSED = [
    *(({name: value}, name) for name in PROXIES[:2] for value in BAD_PROXIES),
    *(({name: value}, name) for name in PROXIES[2:] for value in BAD_PROXIES[:8]),
    *(
        ({name: value}, name)
        for name in ("CLOUDFLARE_API_BASE_URL", "CLOUDFLARE_BASE_URL")
        for value in BASES
    ),
    *(
        ({"SSL_CERT_FILE": value}, "SSL_CERT_FILE")
        for value in (GONE, FOLDER, FILE, PIPE, "/dev/null", "/dev/zero")
    ),
    *(({"SSL_CERT_DIR": value}, "SSL_CERT_DIR") for value in (GONE, FILE, f"{GONE}:{FILE}", "/dev/null")),
    *(({"SSLKEYLOGFILE": value}, "SSLKEYLOGFILE") for value in (FOLDER, PIPE, f"{GONE}/x", f"{FILE}/x")),
    *(
        ({"WFDASH_CONFIG": value}, "")
        for value in (GONE, FOLDER, PIPE, "/dev/zero", "/dev/tty", "~nobody-here/x", f"{FILE}/x")
    ),
    *(
        ({"CLOUDFLARE_ACCOUNT_ID": value}, "CLOUDFLARE_ACCOUNT_ID")
        for value in ("a/b", "é", "\x1b[2J", "a" * 99)
    ),
    ({"WFDASH_PROFILE": "none such"}, "WFDASH_PROFILE"),
    ({"WFDASH_PROFILE": "\x1b[2J"}, "WFDASH_PROFILE"),
]
TAKEN = [
    *({name: value} for name in PROXIES for value in GOOD_PROXIES),
    *({"NO_PROXY": value, "HTTPS_PROXY": "http://127.0.0.1:9"} for value in BYPASSES),
    *({"no_proxy": value} for value in BYPASSES[:4]),
    *({"SSL_CERT_DIR": value} for value in (FOLDER, f"{GONE}:{FOLDER}", "")),
    *({"SSLKEYLOGFILE": value} for value in (FILE, "/dev/null", "/dev/full", "")),
    *({name: value} for name in ("HTTP_PROXY", "FTP_PROXY") for value in BAD_PROXIES[:3]),
    *(
        {name: value}
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC")
        for value in (GONE, FOLDER)
    ),
    *({"HOME": value} for value in ("", "relative", FILE, GONE, "/dev/null")),
    *(
        {name: value}
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME")
        for value in ("", "relative", FILE, GONE, PIPE)
    ),
    *({"NO_COLOR": value} for value in ("", "0", "1")),
    *({name: "9" * 5000} for name in ("COLUMNS", "LINES", "TEXTUAL_FPS", "ESCDELAY")),
]


def shown(value):
    return ascii(value)[:40]


@pytest.fixture
def ask(tmp_path, monkeypatch, capsys):
    """`ask(environ, *arguments)` runs wfdash in process; gives its exit code and what it printed."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("no certificate")
    os.mkfifo(tmp_path / "pipe")
    places = {FOLDER: "folder", FILE: "file", GONE: "gone", PIPE: "pipe"}
    monkeypatch.chdir(tmp_path)

    def run_with(environ, *arguments):
        ours = {
            "CLOUDFLARE_BASE_URL": NOWHERE,
            "CLOUDFLARE_API_TOKEN": TOKEN,
            "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
        }
        for name, value in (ours | environ).items():
            for place, file in places.items():
                value = value.replace(place, str(tmp_path / file))
            monkeypatch.setenv(name, value)
        code = run(arguments)
        printed = "".join(capsys.readouterr())
        for wrong in ("Traceback", "fault of wfdash", TOKEN, PASSWORD, "\x1b"):
            assert wrong not in printed
        return code, printed

    return run_with


@pytest.mark.parametrize(("environ", "name"), REFUSED, ids=map(shown, (value for value, _ in REFUSED)))
def test_what_is_no_good_is_named(ask, environ, name):
    code, printed = ask(environ, "list", "-w", "orders")
    assert code == 2, printed
    assert name in printed
    assert len(printed.strip().split("\n")) == 1


@pytest.mark.parametrize("environ", TAKEN, ids=shown)
def test_what_can_be_taken_is_taken(ask, environ):
    code, printed = ask(environ, "doctor")
    assert code == 5, printed


PYTHON = [
    *({"LC_ALL": value} for value in ("C", "nonsense", "de_DE.ISO-8859-1", "../../etc")),
    *({"LANGUAGE": value} for value in ("../../../dev/zero", "xx:yy")),
    *({"TZ": value} for value in ("nonsense/zone", ":/dev/zero", ":" + "x" * 5000, "\udcff")),
    *({name: "1"} for name in ("PYTHONDEVMODE", "PYTHONASYNCIODEBUG", "PYTHONUTF8", "PYTHONMALLOCSTATS")[:3]),
    {"PYTHONWARNINGS": "error"},
    {"PYTHONOPTIMIZE": "2"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONINTMAXSTRDIGITS": "640"},
    *({"OPENSSL_CONF": value} for value in ("/etc/passwd", "/nowhere/openssl.cnf", "/dev/null")),
    {"OPENSSL_MODULES": "/nowhere"},
    {"TERM": "\x1b[2J", "COLUMNS": "0", "LINES": "-1"},
]


@pytest.mark.parametrize("environ", PYTHON, ids=shown)
def test_what_python_itself_reads_is_taken(program, environ):
    ours = {"CLOUDFLARE_BASE_URL": NOWHERE, "CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_ACCOUNT_ID": ACCOUNT}
    done = program("doctor", env=ours | environ, timeout=60)
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == 5, done.stderr


def test_a_user_whose_name_is_no_text(program):
    """All at once: each tries again and again, and rests in between."""
    names = ("LOGNAME", "USER", "LNAME", "USERNAME")
    ours = {"CLOUDFLARE_BASE_URL": NOWHERE, "CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_ACCOUNT_ID": ACCOUNT}
    asking = {
        name: program.start(
            "list", "-w", "orders", env=ours | dict.fromkeys(names) | {name: os.fsdecode(b"\xffmax\xfe")}
        )
        for name in names
    }
    for name, each in asking.items():
        out, err = each.communicate(timeout=60)
        assert (each.returncode, out) == (5, ""), name
        assert "Traceback" not in err, name


@pytest.mark.parametrize("name", ["OPENSSL_CONF", "HOSTALIASES"])
@pytest.mark.parametrize("arguments", [["--help"], ["list", "-w", "orders"]], ids=lambda words: words[0])
def test_a_pipe_that_a_library_would_read_is_named(program, tmp_path, name, arguments):
    """Before the library is loaded, which waits for ever."""
    os.mkfifo(tmp_path / "pipe")
    done = program(*arguments, env={name: f"{tmp_path / 'pipe'}"}, timeout=60)
    assert done.returncode == 2
    assert (
        done.stderr
        == f"wfdash: {name}: {tmp_path / 'pipe'} is a pipe or a device, not a file. Correct or unset it.\n"
    )


TUNED = {
    **dict.fromkeys(
        (
            "WEBSOCKETS_MAX_LINE_LENGTH",
            "WEBSOCKETS_MAX_LOG_SIZE",
            "WEBSOCKETS_BACKOFF_MIN_DELAY",
            "WEBSOCKETS_MAX_FRAGMENTS",
            "WEB_CONCURRENCY",
        ),
        "nonsense",
    ),
    "PROMETHEUS_MULTIPROC_DIR": "/nowhere",
    "prometheus_multiproc_dir": "/nowhere",
}


def test_variables_for_servers_change_nothing_in_those_of_ours(program, tmp_path):
    serving = program.start("demo", "--serve", "0", env=TUNED)
    lines = [serving.stdout.readline() for _ in range(4)]
    env = dict(line.strip().removeprefix("export ").split("=", 1) for line in lines)
    recording = program.start(
        "record", "-w", "orders", "--metrics", "0", "--out", str(tmp_path / "a.db"), env={**env, **TUNED}
    )
    said = iter(recording.stderr.readline, "")
    address = next(line for line in said if "metrics at " in line).split("metrics at ")[1].strip()
    assert "wfdash_" in httpx.get(address, trust_env=False).text
    following = program.start("logs", "-w", "orders", "-i", "order-8001", "--follow", env={**env, **TUNED})
    for each in (following, recording, serving):
        each.terminate()
        _, said = each.communicate(timeout=60)
        assert "Traceback" not in said


TAB = {"_ARGCOMPLETE": "1", "COMP_LINE": "wfdash li", "COMP_POINT": "9"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"_ARGCOMPLETE": "x"},
        {"COMP_LINE": None},
        {"COMP_POINT": None},
        {"COMP_POINT": "9" * 5000},
        {"COMP_POINT": "-5"},
        {"COMP_LINE": "wfdash '"},
        {"COMP_LINE": ""},
        {"_ARGCOMPLETE_STDOUT_FILENAME": "<gone>/x"},
        {"_ARGCOMPLETE_STDOUT_FILENAME": "<pipe>"},
    ],
    ids=range(9),
)
def test_a_shell_that_completes_wrongly_hears_nothing(program, tmp_path, wrong):
    os.mkfifo(tmp_path / "pipe")
    places = {FOLDER: tmp_path, GONE: tmp_path / "gone", PIPE: tmp_path / "pipe"}
    env = TAB | wrong
    for place, file in places.items():
        env = {name: value and value.replace(place, str(file)) for name, value in env.items()}
    done = program(env=env, timeout=60)
    assert done.stderr == ""


TEXTUAL = {
    "TEXTUAL": "headless,debug,devtools",
    "TEXTUAL_DRIVER": "nowhere:Nothing",
    "TEXTUAL_PRESS": "q",
    "TEXTUAL_SCREENSHOT": "0",
    "TEXTUAL_SCREENSHOT_LOCATION": "/nowhere",
    "TEXTUAL_LOG": "/nowhere/log",
    "TEXTUAL_DEBUG": "1",
    "TEXTUAL_FILTERS": "dim,nonsense",
    "TEXTUAL_THEME": "nonsense",
    "TEXTUAL_ANIMATIONS": "nonsense",
    "TEXTUAL_DIM_FACTOR": "-9999",
    "TEXTUAL_SMOOTH_SCROLL": "7",
    "TEXTUAL_SPEEDUPS": "nonsense",
    "TEXTUAL_SLOW_THRESHOLD": "0",
    "TEXTUAL_SHOW_RETURN": "1",
    "TEXTUAL_DEVTOOLS_PORT": "nonsense",
    "TEXTUAL_ALLOW_SIGNALS": "1",
    "COLUMNS": "1000000",
    "LINES": "1000000",
    "ESCDELAY": "99999999",
    "UNICODE_VERSION": "-1.x",
    "COLORTERM": "nonsense",
    "FORCE_COLOR": "nonsense",
    "TTY_COMPATIBLE": "nonsense",
    "TTY_INTERACTIVE": "0",
    "JUPYTER_COLUMNS": "nonsense",
    "TERM_PROGRAM": "\x1b[2J",
    "LC_TERMINAL": "iTerm2",
    "PYTHONIOENCODING": "utf-16",
}


def test_variables_for_developers_change_nothing_on_the_screen(terminal):
    plain = terminal("demo", "-w", "orders", "--scenario", "calm")
    plain.wait_for(ROWS)
    strange = terminal("demo", "-w", "orders", "--scenario", "calm", env=TEXTUAL)
    strange.wait_for(ROWS)
    heads = [shell.screen.rows[0].split(" ")[:2] for shell in (plain, strange)]
    assert heads[0] == heads[1]
    for shell in (plain, strange):
        shell.press("q")
        assert shell.wait_exit() == 0
        assert shell.not_as_found() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("TEXTUAL_COLOR_SYSTEM", "purple"), ("TEXTUAL_COLOR_SYSTEM", ""), ("TEXTUAL_FPS", "0")],
)
def test_a_variable_of_the_terminal_that_is_no_good_is_named(terminal, name, value):
    shell = terminal("demo", env={name: value})
    assert shell.wait_exit() == 2
    assert shell.screen.find(name)


@pytest.mark.parametrize("value", ["0", "-1", "x", "", "241", "9" * 5000, "６０", "1e3"])
def test_a_number_of_frames_out_of_bounds_is_refused(value):
    with pytest.raises(UsageError, match="TEXTUAL_FPS"):
        take_variables({"TEXTUAL_FPS": value})


@pytest.mark.parametrize("colours", ["auto", "standard", "256", "truecolor"])
def test_variables_about_the_terminal_are_kept(colours):
    kept = {"TEXTUAL_COLOR_SYSTEM": colours, "TEXTUAL_FPS": "10", "ESCDELAY": "70", "TERM": "screen"}
    environ = dict(kept, TEXTUAL_PRESS="t,y", LINES="3")
    take_variables(environ)
    assert environ == kept


@pytest.mark.parametrize("value", [{}, {"ESCDELAY": "99999999"}, {"ESCDELAY": ""}])
def test_an_escape_waits_no_longer_than_a_slow_link_allows(value):
    environ = dict(value)
    take_variables(environ)
    assert int(environ["ESCDELAY"]) <= 50
