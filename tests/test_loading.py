"""What each entry point loads, and what it leaves until that is used."""

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "wfdash"
_SAYS_WHAT_IS_LOADED = """
import sys
print(*(name for name, module in sys.modules.items() if getattr(module, "__spec__", None)))
"""
"""What only stands for a module has no spec."""
SPARED = "from wfdash.libraries import spare; spare()\n"
"""As the program begins."""


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_SAYS_WHAT_IS_LOADED}"], capture_output=True, text=True, check=True
    )
    names = done.stdout.split()
    return {name.split(".")[0] for name in names} | set(names)


def test_core_loads_no_textual_and_no_httpx():
    modules = " ".join(
        f"import {'.'.join(path.relative_to(PACKAGE.parent).with_suffix('').parts)};"
        for path in sorted((PACKAGE / "core").rglob("[a-z]*.py"))
    )
    assert not loaded_by(modules) & {"textual", "httpx", "pydantic", "rich"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["list", "--help"], ["nonsense"]])
def test_command_line_words_load_neither_textual_nor_httpx(arguments):
    ran = "import io, contextlib\nfrom wfdash.cli.main import run\n"
    ran += "with contextlib.redirect_stdout(io.StringIO()): "
    ran += f"run({arguments})"
    assert not loaded_by(ran) & {"textual", "httpx", "pydantic", "rich", "asyncio", "humanize"}


def test_the_client_loads_no_command_line_of_httpx():
    assert not loaded_by(f"{SPARED}import wfdash.api.connect") & {"click", "pygments", "rich", "textual"}


def test_a_command_loads_httpx_without_its_cookies():
    loaded = loaded_by(f"{SPARED}from wfdash.cli.main import run; run(['list', '-w', 'orders'])")
    assert "httpx" in loaded
    assert not loaded & {"http.cookiejar", "http.client", "urllib.request", "email.utils"}


def test_the_first_screen_loads_only_what_it_shows():
    first = f"{SPARED}from wfdash.libraries import load_httpx; load_httpx()\n"
    first += "import wfdash.ui.app, wfdash.ui.session, wfdash.api.connect, httpcore"
    later = {"textual.widgets._select", "socksio", "certifi", "idna", "pydantic", "sqlite3", "wfdash.demo"}
    later |= {f"wfdash.ui.{name}" for name in ("detail.pane", "actions.own_commands", "base.panel")}
    later |= {"textual.widgets._input", "http.cookiejar", "http.client", "email.utils", "statistics"}
    assert not loaded_by(first) & later


def test_a_library_put_off_is_loaded_at_its_first_use():
    code = f"{SPARED}import httpcore, idna, socksio, certifi; from msgspec.inspect import type_info\n"
    code += "assert idna.encode('example') and type_info(int) and certifi.where()\n"
    assert "socksio.socks5" in loaded_by(f"{code}socksio.socks5.SOCKS5Connection")


def test_redirect_is_told_where_no_cookies_are_kept():
    code = f"{SPARED}from wfdash.libraries import load_httpx; load_httpx()\nimport asyncio, httpx\n"
    code += "from wfdash.api.connect import _Client\n"
    code += "away = httpx.MockTransport(lambda _: httpx.Response(302, headers={'location': '/login'}))\n"
    code += "answer = asyncio.run(_Client(transport=away).get('http://127.0.0.1/client/v4'))\n"
    code += "assert answer.status_code == 302\n"
    assert not loaded_by(code) & {"http.cookiejar"}


def test_what_httpx_keeps_cookies_with_is_there_for_others():
    code = f"{SPARED}from wfdash.libraries import load_httpx; load_httpx()\nimport httpx, http, urllib\n"
    code += "assert not hasattr(urllib, 'request') and not hasattr(http, 'cookiejar')\n"
    code += (
        "assert httpx.Response(200, headers={'content-type': 'a/b; charset=latin-1'}).encoding == 'latin-1'\n"
    )
    code += "from urllib.request import Request; assert Request('http://a/b').host == 'a'\n"
    assert {"urllib.request", "http.client", "email.message"} <= loaded_by(code)
