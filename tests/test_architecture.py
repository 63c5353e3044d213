"""The rules of the house: arrows, circles, folders, names, and what each entry point may load."""

import subprocess
import sys
import threading
from functools import cached_property
from importlib import import_module
from pathlib import Path

import pytest

from tests.support.architecture import Tree, own_methods
from wfdash.cli.run import _MODULES
from wfdash.ui.navigation import _PAGES

PACKAGE = Path(__file__).parent.parent / "wfdash"
WFDASH = Tree(PACKAGE)
MAY_IMPORT = {
    "core": set(),
    "api": {"core", "config"},
    "live": {"api", "core", "config", "keymap"},
    "ui": {"live", "api", "core", "config", "keymap"},
    "config": {"core", "keymap"},
    "keymap": set(),
    "demo": set(),
}
ROOMS = {
    "core": [
        ("history",),
        ("triage", "rows", "payload", "logs"),
        ("verbs", "filter", "timeline"),
        ("handoff", "why"),
        ("model", "text"),
    ],
    "live": [
        ("hooks", "metrics"),
        ("watcher", "kept_rows", "priorities", "store_sink", "reads"),
        ("feeds", "actions"),
        ("polling",),
        ("budget",),
        ("records", "pairing"),
    ],
    "ui": [
        ("app",),
        ("navigation", "connection", "handover", "hooks", "company", "time_travel", "pages", "workflows"),
        ("instances", "errors"),
        ("detail",),
        ("actions", "history", "logs", "setup"),
        ("base",),
        ("terminal", "widgets"),
        ("context", "session"),
        ("keys", "memory"),
    ],
}
"""The rooms of a package from the top down. A room imports those below it, and its neighbours one way."""

UI_MAY_IMPORT = {
    "wfdash.api.errors": "what a read or an action raises, to be said on screen",
    "wfdash.api.interface": "the records of a new instance, a restart and a request; the client in session",
    "wfdash.api.validate": "pure: what the API would refuse, said while it is typed",
}
UI_MAY_TAKE = {
    "wfdash.ui.session takes self.api": "who opens the client closes it, and says what it is",
}
UI_MAY_CALL = {
    "wfdash.ui.session calls self.api.close": "who opens the client closes it",
}

ALLOWED_ARROWS: dict[str, str] = {}
ALLOWED_UNUSED = {
    "wfdash.cli.doctor.report": "the command `doctor` loads it by its name",
    "wfdash.config.example": "run by hand: it writes config.example.toml",
}
ALLOWED_LARGE: dict[str, str] = {}
"""May only shrink."""
ALLOWED_MODULES: dict[str, str] = {}
ALLOWED_NAMES = {
    "wfdash.demo.http.serve: connection_made": "the name that asyncio calls on a protocol",
}


def assert_only(found: set[str], allowed: dict[str, str]) -> None:
    """What breaks a rule is what is allowed for the time being: no more, and no less."""
    assert not found - allowed.keys(), "breaks a rule of the house"
    assert not allowed.keys() - found, "no longer so: take it off the list"


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_packages_import_downwards_only(layer):
    assert not WFDASH.beyond(layer, MAY_IMPORT[layer])


@pytest.mark.parametrize("package", ROOMS)
def test_rooms_import_downwards_only(package):
    allowed = {case: why for case, why in ALLOWED_ARROWS.items() if case.startswith(f"wfdash.{package}.")}
    assert_only(WFDASH.wrong_arrows(ROOMS[package], package), allowed)


@pytest.mark.parametrize("module", ["libraries"])
def test_modules_beside_the_packages_import_none_of_them(module):
    assert not WFDASH.beyond(module, ())


@pytest.mark.parametrize("package", ["core", "live", "api", "cli", "ui", "config", "keymap"])
def test_rooms_form_no_circle(package):
    assert not WFDASH.rooms_in_a_circle(package)


def test_screens_ask_the_network_through_live_only():
    targets = {
        target for name, found in WFDASH.imports.items() if name.startswith("wfdash.ui.") for target in found
    }
    assert_only({target for target in targets if target.startswith("wfdash.api")}, UI_MAY_IMPORT)
    assert_only(WFDASH.network_calls("ui"), UI_MAY_CALL)
    assert_only(WFDASH.clients_taken("ui"), UI_MAY_TAKE)


def test_screens_know_what_they_are_given():
    """The app of a screen is Textual's; what ours can do comes with the context."""
    assert not WFDASH.casts("ui")


def test_modules_form_no_circle():
    assert not WFDASH.modules_in_a_circle(apart="demo")


@pytest.mark.parametrize("hub", ["wfdash.ui.app:WfdashApp", "wfdash.ui.instances.screen:InstancesScreen"])
def test_the_app_and_its_main_screen_stay_small(hub):
    """Methods of our own, inherited ones included: what they do is done by the parts that they own."""
    module, _, name = hub.partition(":")
    assert len(own_methods(getattr(import_module(module), name), "wfdash")) < 45


def test_folders_hold_16_modules_at_most():
    assert not WFDASH.full_folders()


def test_public_classes_have_names_of_their_own():
    assert not WFDASH.namesakes()


def test_short_modules_have_several_importers():
    assert_only(WFDASH.lone_modules(), ALLOWED_MODULES)


def test_each_module_is_reached():
    by_name = {place for place, _ in _PAGES.values()}
    by_name |= {f"wfdash.cli.commands.{name}" for name in _MODULES.values()}
    assert_only(WFDASH.unused_modules(tables=by_name), ALLOWED_UNUSED)


def test_classes_and_functions_are_held_in_the_head():
    assert_only(WFDASH.large_classes() | WFDASH.long_functions(), ALLOWED_LARGE)


def test_modules_offer_only_what_they_define():
    """A name that is passed on has the reader open two files to find it."""
    assert not WFDASH.passed_on()


def test_names_say_what_they_name():
    assert_only(WFDASH.private_words(), ALLOWED_NAMES)


def test_names_in_tests_say_what_they_name():
    """But for the names of tests, which are sentences."""
    found = Tree(Path(__file__).parent).private_words()
    assert not {place for place in found if not place.partition(": ")[2].startswith("test_")}


def test_names_of_tests_stay_short():
    assert not Tree(Path(__file__).parent).long_test_names()


# Each rule on a made-up tree that breaks it.


def tree_of(folder: Path, **sources: str) -> Tree:
    """Modules below a package `p`, by their dotted names with `__` for the dots."""
    for name, source in sources.items():
        path = folder.joinpath("p", *name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return Tree(folder / "p")


@pytest.mark.parametrize(
    "arrow",
    [
        "from p.top.a import x",
        "def f():\n    import p.top.a",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.top import a",
    ],
)
def test_an_arrow_upwards_is_found(tmp_path, arrow):
    tree = tree_of(tmp_path, top__a="x = 1", low__b=arrow)
    assert tree.wrong_arrows([["top"], ["low"]]) == {"p.low.b imports p.top.a"}
    assert not tree.wrong_arrows([["low"], ["top"]])
    assert not tree.wrong_arrows([["low", "top"]])


def test_an_import_beyond_the_packages_below_is_found(tmp_path):
    tree = tree_of(tmp_path, ui__a="import p.live.b, p.api.c", live__b="import p.ui.a", api__c="", demo__d="")
    assert tree.beyond("ui", {"live"}) == {"p.ui.a imports p.api.c"}
    assert tree.beyond("live", set()) == {"p.live.b imports p.ui.a"}
    assert not tree.beyond("demo", set())


def test_methods_are_counted_with_those_of_our_bases():
    class Base:
        def a(self): ...

        @cached_property
        def b(self): ...

    class Hub(Base, threading.Thread):
        def a(self): ...

        @property
        def c(self): ...

        @staticmethod
        def d(): ...

        e = 1

    assert own_methods(Hub, "tests") == {"a", "b", "c", "d"}


def test_an_arrow_upwards_between_rooms_is_found(tmp_path):
    tree = tree_of(tmp_path, core__why__a="from p.core.rows import b", core__rows__b="")
    assert tree.wrong_arrows([["rows"], ["why"]], "core") == {"p.core.why.a imports p.core.rows.b"}


def test_a_room_without_a_place_is_found(tmp_path):
    tree = tree_of(tmp_path, core__why__a="", core__odd__b="")
    assert tree.wrong_arrows([["why"]], "core") == {"p.core.odd.b has no room"}


def test_a_circle_between_rooms_is_found(tmp_path):
    tree = tree_of(tmp_path, core__a__x="import p.core.b.y", core__b__y="", core__b__z="import p.core.a.x")
    assert tree.rooms_in_a_circle("core") == {"a", "b"}
    assert not tree.modules_in_a_circle()


def test_a_circle_between_modules_is_found(tmp_path):
    hint = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import x"
    tree = tree_of(
        tmp_path, a="import p.b", b="import p.c", c=hint, d="import p.a", demo__e="import p.demo.f"
    )
    assert tree.modules_in_a_circle() == {"p.a", "p.b", "p.c"}


def test_a_circle_in_the_demo_is_let_be(tmp_path):
    tree = tree_of(tmp_path, demo__e="import p.demo.f", demo__f="import p.demo.e")
    assert tree.modules_in_a_circle() == {"p.demo.e", "p.demo.f"}
    assert not tree.modules_in_a_circle(apart="demo")


def test_a_full_folder_is_found(tmp_path):
    room = {f"room__m{number}": "" for number in range(16)}
    (tree_of(tmp_path, **room).package / "room" / "__init__.py").touch()
    assert not Tree(tmp_path / "p").full_folders()
    assert tree_of(tmp_path, room__more="").full_folders() == {"p/room has 17 modules"}


def test_a_class_name_used_twice_is_found(tmp_path):
    tree = tree_of(tmp_path, a="class Entry: ...\nclass _Own: ...", b="class Entry: ...\nclass _Own: ...")
    assert tree.namesakes() == {"Entry is in p.a, p.b"}


def test_a_nested_class_of_the_same_name_is_found(tmp_path):
    nested = "class Page:\n    class Entry: ...\n    class Changed(Message): ..."
    tree = tree_of(tmp_path, a="if x:\n    class Entry: ...\nclass Changed(Message): ...", b=nested)
    assert tree.namesakes() == {"Entry is in p.a, p.b"}


def test_a_name_that_is_passed_on_is_found(tmp_path):
    tree = tree_of(tmp_path, source="def f(): ...\n", user="from p.source import f\n__all__ = []\n")
    assert not tree.passed_on()
    tree = tree_of(tmp_path, user='from p.source import f\n__all__ = ["f"]\n')
    assert tree.passed_on() == {"p.user passes on f of p.source"}


def test_a_short_module_with_one_importer_is_found(tmp_path):
    short, long = "def f(): ...\n", "def f(): ...\n" * 45
    tree = tree_of(tmp_path, short=short, long=long, shared=short, page=short, record="class Record: ...\n")
    tree_of(tmp_path, user="import p.short, p.long, p.shared, p.record", other="import p.shared")
    assert Tree(tree.package).lone_modules() == {"p.short has 1 lines and only p.user imports it"}


def test_a_module_whose_class_does_something_is_no_record(tmp_path):
    record = "class Row:\n    def __len__(self): ...\n    @property\n    def age(self): ...\n"
    tree_of(tmp_path, user="import p.record, p.doer", record=record, doer="class D:\n    def do(self): ...\n")
    assert Tree(tmp_path / "p").lone_modules() == {"p.doer has 2 lines and only p.user imports it"}


def test_a_module_that_nothing_reaches_is_found(tmp_path):
    tree = tree_of(tmp_path, user="import p.used", used="", table="", lost="")
    assert tree.unused_modules(tables=["p.table", "p.user"]) == {"p.lost"}


def test_a_large_class_and_a_long_function_are_found(tmp_path):
    methods = "".join(f"    def m{number}(self): ...\n" for number in range(46))
    long = "def f():\n" + "    x = 1\n" * 60
    assert tree_of(tmp_path, a=f"class Hub:\n{methods}").large_classes() == {"p.a.Hub has 46 methods"}
    assert tree_of(tmp_path, b=long).long_functions() == {"p.b.f has 61 lines"}


def test_the_client_by_another_name_is_found(tmp_path):
    source = "async def f(s):\n    client = s.api\n    await client.get_step('a')"
    tree = tree_of(tmp_path, ui__a=source, live__b=source)
    assert tree.clients_taken("ui") == {"p.ui.a takes s.api"}
    assert not tree.network_calls("ui")


def test_a_cast_in_a_screen_is_found(tmp_path):
    source = "from typing import cast\n"
    assert tree_of(tmp_path, ui__a=source, live__b=source).casts("ui") == {"p.ui.a"}


@pytest.mark.parametrize(
    "source",
    [
        "def told(): ...",
        "from x import y as told",
        "try: ...\nexcept OSError as told: ...",
        "match x:\n    case [told]: ...",
        "class WholeRow: ...",
        "def f(one): ...",
        "made_row = 1",
        "def f(x):\n    x._known = 1",
    ],
)
def test_a_name_that_says_nothing_is_found(tmp_path, source):
    assert len(tree_of(tmp_path, a=source).private_words()) == 1


def test_a_module_whose_name_says_nothing_is_found(tmp_path):
    assert tree_of(tmp_path, told="").private_words() == {"p.told: told"}


def test_words_within_other_words_are_let_be(tmp_path):
    assert not tree_of(tmp_path, a="phone, untold, madeira, unknown = 1, 2, 3, 4").private_words()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("async def f(s):\n    await s.api.get_step('a')", {"p.ui.a calls s.api.get_step"}),
        ("async def f(api):\n    await api.list_workflows()", {"p.ui.a calls api.list_workflows"}),
        ("async def f(s):\n    await s.budget.acquire(1)", {"p.ui.a calls s.budget.acquire"}),
        ("async def f(s):\n    await s.reads.step('a', s.api)", set()),
    ],
)
def test_a_screen_that_asks_by_itself_is_found(tmp_path, source, found):
    assert tree_of(tmp_path, ui__a=source, live__b=source).network_calls("ui") == found


def test_a_long_test_name_is_found(tmp_path):
    limit = tree_of(tmp_path, a=f"def test_{'x' * 54}(): ...\nasync def test_{'x' * 55}(): ...")
    assert limit.long_test_names() == {f"p.a: test_{'x' * 55}"}


def test_an_exception_that_no_longer_occurs_is_refused():
    assert_only({"p.a imports p.b"}, {"p.a imports p.b": "for now"})
    with pytest.raises(AssertionError, match="take it off"):
        assert_only(set(), {"p.a imports p.b": "for now"})
    with pytest.raises(AssertionError, match="breaks a rule"):
        assert_only({"p.a imports p.b"}, {})


# What an entry point loads.


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
