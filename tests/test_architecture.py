"""The rules of the house: arrows, circles, folders, sizes and names."""

import sys
import threading
from functools import cached_property, partialmethod
from importlib import import_module
from pathlib import Path

import pytest

from tests.support import calls
from tests.support.architecture import Tree, own_methods
from wfdash.api.interface import Workflows
from wfdash.cli.run import _MODULES
from wfdash.live.actions.plan import Stage
from wfdash.live.records.journal_entries import JournalEvent
from wfdash.ui.navigation import _PAGES

PACKAGE = Path(__file__).parent.parent / "wfdash"
WFDASH = Tree(PACKAGE)
TESTS = Tree(Path(__file__).parent)
MAY_IMPORT = {
    "core": set(),
    "api": {"core", "config"},
    "live": {"api", "core", "config", "keymap"},
    "ui": {"live", "api", "core", "config", "keymap"},
    "config": {"core", "keymap"},
    "keymap": set(),
    "demo": set(),
    "cli": {"ui", "live", "api", "core", "config", "keymap", "demo", "libraries"},
    "libraries": set(),
    "__main__": {"cli", "libraries"},
}
STARTS_DEMO = {"wfdash.cli.main", "wfdash.cli.dashboard", "wfdash.cli.options"}
PURE = {
    *("bisect", "collections", "csv", "datetime", "difflib", "enum", "functools", "hashlib", "heapq"),
    *("hmac", "io", "itertools", "json", "math", "operator", "re", "shlex", "statistics", "traceback"),
    *("types", "typing", "unicodedata", "urllib", "humanize", "msgspec"),
}
"""What `core` may import of the standard library and of others: nothing that does I/O or has a clock."""
PURE_BUT = {
    "asyncio": {"wfdash.core.model.slices", "wfdash.core.rows.view"},
    "gc": {"wfdash.core.rows.sorted_rows", "wfdash.core.model.frozen"},
    "platform": {"wfdash.core.text.crash_report"},
    "sys": {
        "wfdash.core.filter.detail_fields",
        "wfdash.core.model.instance",
        "wfdash.core.model.step_columns",
    },
}
"""What only these modules of it import: to give way between two slices, to leave what stays alone, to say
where it broke, to keep a text once."""
LIBRARIES = {
    "textual": {"ui", "cli"},
    "rich": {"ui", "cli"},
    "httpx": {"api", "cli"},
    "httpcore": {"api"},
    "websockets": {"api"},
    "psutil": {"api"},
    "sqlite3": {"live"},
    "prometheus_client": {"live"},
    "pydantic": {"config"},
    "pydantic_core": {"config"},
    "tomlkit": {"config"},
    "idna": {"config"},
    "argcomplete": {"cli"},
    "humanize": {"core"},
    "starlette": {"demo"},
    "uvicorn": {"demo"},
    "h11": {"demo"},
    "platformdirs": {"ui", "cli", "config"},
    "msgspec": {"core", "api", "live", "ui", "cli", "config", "keymap", "demo"},
}
"""The packages that may import what is not of the standard library, and SQLite."""
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
    "wfdash.ui.app calls self.pages.list_workflows": "the page of that name",
    "wfdash.ui.navigation calls self.list_workflows": "the page of that name",
    "wfdash.ui.history.reading calls session.reads.analytics": "a read of live/reads",
}
QUESTIONS = {name for name in vars(Workflows) if not name.startswith("_")} - {"close"}
MAY_REACH = {
    "wfdash.api.http.transport: pool._requests": "httpcore's own queue, which it gives no other way to",
    "wfdash.ui.base.screen: top._set_dirty": "Textual's, which ui/widgets/painted overrides",
}
TYPES_PUT_OFF = {
    "wfdash.__main__: import-not-found": "typeshed does not have it",
    "wfdash.api.connect: misc": "httpcore's own, which has no types",
    "wfdash.config.precedence: arg-type": "keyword arguments of many types at once",
    "wfdash.core.model.times: arg-type": "map over values that are checked by hand, for speed",
    "wfdash.core.why.current_steps: return-value": "a cached word of a step",
    "wfdash.demo.engine.execution: union-attr, assignment": "an undo that is there by the line above",
    "wfdash.libraries: arg-type": "None in sys.modules is how Python refuses an import",
    "wfdash.live.budget.joined_reads: valid-type": "a record of a kind that is an argument",
    "wfdash.live.records.locked_file: assignment": "Windows has no such module",
    "wfdash.ui.terminal.driver: no-untyped-call": "Textual's",
    "wfdash.ui.terminal.terminal: assignment": "Windows has no such module",
}
"""May only shrink."""
WHY_CONTEXTS = {
    "wfdash.core.why.context": "puts together what is known beside an answer",
    "wfdash.ui.detail.fill": "nothing is known yet: there is no session",
    "wfdash.ui.detail.pane": "nothing is known yet: nothing was filled in",
}
DURATIONS = {
    "wfdash.core.text.chance": "numbers with a unit, taken out of error texts",
    "wfdash.demo.engine.times": "the engine's own grammar, which the client must not share",
}

ALLOWED_ARROWS: dict[str, str] = {}
ALLOWED_UNUSED = {
    "wfdash.config.example": "run by hand: it writes config.example.toml",
}
ALLOWED_LARGE: dict[str, str] = {}
"""May only shrink."""
ALLOWED_MODULES: dict[str, str] = {}
ALLOWED_NAMES = {
    "wfdash.demo.http.serve: connection_made": "the name that asyncio calls on a protocol",
}


@pytest.fixture(scope="module", autouse=True)
def let_go_of_sources():
    yield
    for tree in (WFDASH, TESTS):
        tree.forget()


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


def test_each_package_has_its_arrows():
    """A package that is on no list could import all others."""
    assert WFDASH.tops() == MAY_IMPORT.keys()
    assert not WFDASH.imports["wfdash"], "whatever is imported of wfdash would import this first"


def test_packages_are_not_imported_for_what_is_in_them():
    """It would be an arrow to no module."""
    assert not WFDASH.packages_imported()


def test_the_demo_is_reached_where_it_is_started():
    """All others reach it through HTTP, as they would Cloudflare."""
    reached = {name for name, found in WFDASH.imports.items() if any(".demo." in each for each in found)}
    assert {name for name in reached if ".demo." not in name} == STARTS_DEMO


def test_core_is_pure():
    """Time is an argument, and so is what a file holds."""
    assert WFDASH.libraries("core") - PURE == PURE_BUT.keys()
    for library, modules in PURE_BUT.items():
        users = {name for name in WFDASH.users_of(library) if name.startswith("wfdash.core.")}
        assert users == modules, library
    assert not calls.impure_calls(WFDASH, "core")


@pytest.mark.parametrize("package", sorted(MAY_IMPORT.keys() - {"__main__"}))
def test_libraries_are_imported_where_they_belong(package):
    """A screen that has the HTTP library can ask past the budget; no package needs the tests."""
    found = {name for name in WFDASH.libraries(package) if name not in sys.stdlib_module_names}
    found |= WFDASH.libraries(package) & {"sqlite3"}
    assert not {name for name in found if package not in LIBRARIES.get(name, ())}


@pytest.mark.parametrize("package", sorted(WFDASH.nests() - {"demo"}))
def test_rooms_form_no_circle(package):
    assert not WFDASH.rooms_in_a_circle(package)


def test_screens_ask_the_network_through_live_only():
    targets = {
        target for name, found in WFDASH.imports.items() if name.startswith("wfdash.ui.") for target in found
    }
    assert_only({target for target in targets if target.startswith("wfdash.api")}, UI_MAY_IMPORT)
    assert_only(calls.network_calls(WFDASH, "ui", QUESTIONS), UI_MAY_CALL)
    assert_only(calls.clients_taken(WFDASH, "ui"), UI_MAY_TAKE)


def test_screens_know_what_they_are_given():
    """The app of a screen is Textual's; what ours can do comes with the context."""
    assert not calls.casts(WFDASH, "ui")
    assert not calls.any_apps(WFDASH, "ui")


def test_workers_touch_no_widget():
    """The page may be another one by the time an answer comes: its screen draws in its own turn."""
    assert not calls.workers_that_draw(WFDASH, "ui")


def test_objects_keep_their_private_parts():
    """An object that is spread over several which reach into each other is one, however many files it has."""
    assert_only(calls.reaches(WFDASH), MAY_REACH)


def test_types_are_checked_but_for_a_few_lines():
    assert_only(calls.type_ignores(WFDASH), TYPES_PUT_OFF)


def test_what_is_read_in_one_place_stays_there():
    assert calls.spellings(WFDASH, "^retry-after$") == {"wfdash.api.http.client"}
    assert_only(calls.spellings(WFDASH, r"seconds?\??\|m|minutes?\??\|h"), DURATIONS)
    assert_only(calls.calls_of(WFDASH, "WhyContext"), WHY_CONTEXTS)
    assert not calls.outcomes_by_word(WFDASH, "event", map(str, JournalEvent))
    assert not calls.outcomes_by_word(WFDASH, "stage", map(str, Stage))


CUT_FIRST = {
    "wfdash.core.text.clean: clean(text[:_LONGEST])": "hidden just before",
    "wfdash.core.filter.grammar: clean(self.text[:self.position])": "measures what a person typed",
    "wfdash.ui.instances.filter_help: clean(field.value[:error.position])": "measures what a person typed",
}


def test_text_is_cut_once_secrets_are_hidden():
    """`clean(text, 80)`: of half a secret nothing could be hidden any more."""
    assert_only(calls.cut_before(WFDASH, "clean"), CUT_FIRST)


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
    assert not WFDASH.odd_lists_of_names()


def test_names_say_what_they_name():
    assert_only(WFDASH.private_words(), ALLOWED_NAMES)


def test_names_in_tests_say_what_they_name():
    """But for the names of tests, which are sentences."""
    found = TESTS.private_words()
    assert not {place for place in found if not place.partition(": ")[2].startswith("test_")}


def test_names_of_tests_stay_short():
    assert not TESTS.long_test_names()


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

        f = partialmethod(a, 1)

        @property
        def c(self): ...

        @staticmethod
        def d(): ...

        e = 1

    assert own_methods(Hub, "tests") == {"a", "b", "c", "d", "f"}


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


def test_a_class_made_by_a_call_is_found(tmp_path):
    tree = tree_of(tmp_path, a="Row = defstruct('Row', [])", b="Row = NamedTuple('Row', [])")
    tree_of(tmp_path, c="class M(Message): ...", d="class M(Message): ...")
    assert Tree(tree.package).namesakes() == {"Row is in p.a, p.b", "M is in p.c, p.d"}


def test_a_name_that_is_passed_on_is_found(tmp_path):
    tree = tree_of(tmp_path, source="def f(): ...\n", user="from p.source import f\n__all__ = []\n")
    assert not tree.passed_on()
    tree = tree_of(tmp_path, user='from p.source import f\n__all__ = ["f"]\n')
    assert tree.passed_on() == {"p.user passes on f of p.source"}


@pytest.mark.parametrize(
    "source",
    [
        "from p.source import f\n__all__ = ('f',)\n",
        "from p.source import f\n__all__ = []\n__all__ += ['f']\n",
        "from p.source import *\n",
        "import p.source\nf = p.source.f\n__all__ = ['f']\n",
    ],
)
def test_a_name_passed_on_in_another_way_is_found(tmp_path, source):
    assert len(tree_of(tmp_path, source="def f(): ...\n", user=source).passed_on()) == 1


def test_a_list_of_names_that_is_built_is_found(tmp_path):
    tree = tree_of(tmp_path, a="__all__ = ['f']\n__all__ += ['g']", b="__all__ = ('f',)", c="__all__ = ['f']")
    tree_of(tmp_path, room__d="")
    (tmp_path / "p" / "room" / "__init__.py").write_text('"""A room."""\nimport os')
    found = {"p.a builds its __all__", "p.b builds its __all__", "p.room does something in its __init__"}
    assert Tree(tree.package).odd_lists_of_names() == found


def test_a_short_module_with_one_importer_is_found(tmp_path):
    short, long = "def f(): ...\n", "def f(): ...\n" * 45
    tree = tree_of(tmp_path, short=short, long=long, shared=short, page=short, record="class Record: ...\n")
    tree_of(tmp_path, user="import p.short, p.long, p.shared, p.record", other="import p.shared")
    assert Tree(tree.package).lone_modules() == {"p.short has 1 lines and only p.user imports it"}


@pytest.mark.parametrize(
    "source",
    [
        "class D:\n    def __call__(self): ...",
        "class D:\n    @classmethod\n    def send(cls): ...",
        "class D: ...\nif x:\n    def do(): ...",
        "class D: ...\ndo = lambda: 1",
        "class D:\n    @property\n    def rows(self):\n        a = 1\n" + "        a += 1\n" * 6,
    ],
)
def test_a_module_that_does_something_is_no_record(tmp_path, source):
    tree_of(tmp_path, user="import p.doer", doer=source)
    (tmp_path / "p" / "__init__.py").write_text("import p.doer")
    assert len(Tree(tmp_path / "p").lone_modules()) == 1


def test_a_record_that_is_made_of_others_is_one(tmp_path):
    source = "class Row:\n    @classmethod\n    def of(cls) -> 'Row': ..."
    tree = tree_of(tmp_path, user="import p.record", record=source)
    assert not tree.lone_modules()


def test_a_module_whose_class_does_something_is_no_record(tmp_path):
    record = "class Row:\n    def __len__(self): ...\n    @property\n    def age(self): ...\n"
    tree_of(tmp_path, user="import p.record, p.doer", record=record, doer="class D:\n    def do(self): ...\n")
    assert Tree(tmp_path / "p").lone_modules() == {"p.doer has 2 lines and only p.user imports it"}


def test_a_module_that_nothing_reaches_is_found(tmp_path):
    tree = tree_of(tmp_path, user="import p.used", used="", table="", lost="")
    assert tree.unused_modules(tables=["p.table", "p.user"]) == {"p.lost"}


def test_a_module_behind_a_condition_that_never_holds_is_found(tmp_path):
    tree = tree_of(tmp_path, user="if False:\n    import p.lost\nelse:\n    import p.used", used="", lost="")
    assert tree.unused_modules(tables=["p.user"]) == {"p.lost"}


def test_an_import_by_its_name_is_an_arrow(tmp_path):
    tree = tree_of(tmp_path, low__a="import_module('p.top.b')", top__b="")
    assert tree.wrong_arrows([["top"], ["low"]]) == {"p.low.a imports p.top.b"}


def test_a_package_that_is_imported_is_found(tmp_path):
    tree_of(tmp_path, core__why__a="from p.core import why\nfrom p.core.why import b", core__why__b="")
    (tmp_path / "p" / "core" / "why" / "__init__.py").touch()
    tree = Tree(tmp_path / "p")
    assert tree.packages_imported() == {"p.core.why.a imports p.core.why"}
    assert tree.tops() == {"core"}


def test_an_import_in_the_outermost_package_is_found(tmp_path):
    tree_of(tmp_path, ui__a="")
    (tmp_path / "p" / "__init__.py").write_text("import p.ui.a")
    assert Tree(tmp_path / "p").imports["p"] == {"p.ui.a"}


def test_rooms_below_rooms_are_looked_at(tmp_path):
    tree = tree_of(tmp_path, live__records__a__x="import p.live.records.b.y", live__c="", ui__d="")
    tree_of(tmp_path, live__records__b__y="import p.live.records.a.x")
    assert Tree(tree.package).nests() == {"live", "live.records"}
    assert Tree(tree.package).rooms_in_a_circle("live.records") == {"a", "b"}


def test_a_class_is_counted_with_what_is_its_own_alone(tmp_path):
    def methods(number):
        return "".join(f"    def m{each}(self): ...\n" for each in range(number))

    part = f"class Part:\n{methods(40)}\nclass Hub(Part):\n{methods(6)}"
    assert tree_of(tmp_path, a=part).large_classes() == {"p.a.Hub has 46 methods"}
    shared = f"{part}\nclass Other(Part): ..."
    assert not tree_of(tmp_path, a=shared).large_classes()


@pytest.mark.parametrize(
    "body",
    [
        "".join(f"    m{each} = lambda self: 1\n" for each in range(46)),
        "    if x:\n" + "".join(f"        def m{each}(self): ...\n" for each in range(46)),
        "    x = 1\n" * 460,
    ],
)
def test_a_class_that_is_large_in_another_way_is_found(tmp_path, body):
    assert len(tree_of(tmp_path, a=f"class Hub:\n{body}").large_classes()) == 1


@pytest.mark.parametrize("source", ["f = lambda: [\n" + "    1,\n" * 60 + "]", "run(1)\n" * 61])
def test_a_long_stretch_without_a_function_is_found(tmp_path, source):
    assert len(tree_of(tmp_path, a=source).long_functions()) == 1


def test_a_large_class_and_a_long_function_are_found(tmp_path):
    methods = "".join(f"    def m{number}(self): ...\n" for number in range(46))
    long = "def f():\n" + "    x = 1\n" * 60
    assert tree_of(tmp_path, a=f"class Hub:\n{methods}").large_classes() == {"p.a.Hub has 46 methods"}
    assert tree_of(tmp_path, b=long).long_functions() == {"p.b.f has 61 lines"}


def test_the_client_by_another_name_is_found(tmp_path):
    source = "async def f(s):\n    client = s.api\n    await client.get_step('a')"
    tree = tree_of(tmp_path, ui__a=source, live__b=source)
    assert calls.clients_taken(tree, "ui") == {"p.ui.a takes s.api"}
    assert not calls.network_calls(tree, "ui")


@pytest.mark.parametrize(
    "source",
    [
        "client = getattr(s, 'api')",
        "match s:\n    case Session(api=client): ...",
        "async def f(s):\n    await s.reads._api.get_step()",
    ],
)
def test_the_client_taken_in_another_way_is_found(tmp_path, source):
    assert len(calls.clients_taken(tree_of(tmp_path, ui__a=source), "ui")) == 1


def test_a_question_of_the_client_is_found_by_its_name(tmp_path):
    source = "async def f(client):\n    await client.list_instances('a')"
    found = calls.network_calls(tree_of(tmp_path, ui__a=source), "ui", ["list_instances"])
    assert found == {"p.ui.a calls client.list_instances"}


@pytest.mark.parametrize("source", ["from typing import cast", "import typing\ntyping.cast(A, app)"])
def test_a_cast_in_a_screen_is_found(tmp_path, source):
    assert calls.casts(tree_of(tmp_path, ui__a=source, live__b=source), "ui") == {"p.ui.a"}


def test_an_app_of_any_type_is_found(tmp_path):
    tree = tree_of(tmp_path, ui__a="def f(self):\n    app: Any = self.app", live__b="app: Any = self.app")
    assert calls.any_apps(tree, "ui") == {"p.ui.a: app: Any = self.app"}


def test_a_line_whose_types_are_not_checked_is_found(tmp_path):
    tree = tree_of(tmp_path, a="x = 1  # type: ignore[assignment]", b="x = 1  # type: ignore", c="x = 1")
    assert calls.type_ignores(tree) == {"p.a: assignment", "p.b: all of them"}


_WORKER = """
class Page:
    async def read(self):
        self.draw()
        rows = await self.reads.rows()
        {then}

    def draw(self):
        self.paint()

    def paint(self):
        self.query_one("#a").update("x")
"""


@pytest.mark.parametrize(
    ("then", "found"),
    [
        ("self.draw()", {"p.ui.a.Page.read calls draw"}),
        ("self.query_one('#a').update(rows)", {"p.ui.a.Page.read calls query_one"}),
        ("self.call_later(self.draw)", set()),
        ("self.rows = rows", set()),
    ],
)
def test_a_worker_that_draws_is_found(tmp_path, then, found):
    tree = tree_of(tmp_path, ui__a=_WORKER.format(then=then))
    assert calls.workers_that_draw(tree, "ui") == found


def test_a_private_part_of_another_object_is_found(tmp_path):
    rows = "class Rows:\n    def __init__(self):\n        self._rows = []\n    def _sort(self): ...\n"
    page = "def f(rows, library):\n    rows._rows = rows._sort(library._other)"
    tree = tree_of(tmp_path, rows=f"{rows}    def like(self, other):\n        return other._rows", page=page)
    assert calls.reaches(tree) == {"p.page: rows._rows", "p.page: rows._sort"}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time\ntime.time()", {"p.core.a calls time.time"}),
        ("from datetime import datetime\ndatetime.now(UTC)", {"p.core.a calls datetime.now"}),
        ("Path('/etc/hostname').read_text()", {"p.core.a calls Path('/etc/hostname').read_text"}),
        ("open('a')", {"p.core.a calls open"}),
        ("now = clock.now\ntime(1)", set()),
    ],
)
def test_a_clock_or_a_file_in_core_is_found(tmp_path, source, found):
    assert calls.impure_calls(tree_of(tmp_path, core__a=source, live__b=source), "core") == found


def test_a_library_is_found_where_it_is_imported(tmp_path):
    tests = "from tests.support import x\nimport os"
    tree = tree_of(tmp_path, ui__a="def f():\n    import httpx", core__b=tests)
    assert (tree.libraries("ui"), tree.libraries("core")) == ({"httpx"}, {"tests", "os"})
    assert tree.users_of("httpx") == {"p.ui.a"}


def test_a_word_that_is_read_where_it_has_a_name_is_found(tmp_path):
    tree = tree_of(
        tmp_path,
        a="if line.event == 'sent': ...",
        b="line.event.startswith('refused:')",
        c="if line.event == Event.SENT: ...",
        d="if line.verb == 'sent': ...",
    )
    found = calls.outcomes_by_word(tree, "event", ["sent"])
    assert {place.partition(":")[0] for place in found} == {"p.a", "p.b"}


def test_a_text_that_is_cut_too_early_is_found(tmp_path):
    tree = tree_of(
        tmp_path, a="clean(x[:80])", b="clean(x, 80)", c="clean(x[1:])", d="fit(clean(f(x)[: 2 * n]), 3)"
    )
    found = calls.cut_before(tree, "clean")
    assert found == {"p.a: clean(x[:80])", "p.d: clean(f(x)[:2 * n])"}


def test_a_text_that_stands_elsewhere_is_found(tmp_path):
    docstring = '"""Retry-After is read in a."""'
    tree = tree_of(tmp_path, a="x = h.get('Retry-After')", b=docstring, c="WhyContext()")
    assert calls.spellings(tree, "^retry-after$") == {"p.a"}
    assert calls.calls_of(tree, "WhyContext") == {"p.c"}


@pytest.mark.parametrize(
    "source",
    [
        "match x:\n    case [_, *told]: ...",
        "match x:\n    case {'a': 1, **told}: ...",
        "x = SimpleNamespace(told=1)",
        "setattr(x, '_known', 1)",
        "Row = defstruct('Row', ['told'])",
        "def knows(): ...",
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
    assert tree_of(tmp_path, heard__rows="").private_words() == {"p.told: told", "p.heard.rows: heard"}


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
    assert calls.network_calls(tree_of(tmp_path, ui__a=source, live__b=source), "ui") == found


def test_a_long_test_name_is_found(tmp_path):
    limit = tree_of(tmp_path, a=f"def test_{'x' * 54}(): ...\nasync def test_{'x' * 55}(): ...")
    assert limit.long_test_names() == {f"p.a: test_{'x' * 55}"}


def test_an_exception_that_no_longer_occurs_is_refused():
    assert_only({"p.a imports p.b"}, {"p.a imports p.b": "for now"})
    with pytest.raises(AssertionError, match="take it off"):
        assert_only(set(), {"p.a imports p.b": "for now"})
    with pytest.raises(AssertionError, match="breaks a rule"):
        assert_only({"p.a imports p.b"}, {})
