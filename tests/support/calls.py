"""What modules call and read, over any tree of sources: the client, clocks, files, widgets out of workers."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from tests.support.architecture import Tree

__all__ = [
    "any_apps",
    "calls_of",
    "casts",
    "clients_taken",
    "impure_calls",
    "network_calls",
    "outcomes_by_word",
    "reaches",
    "spellings",
    "type_ignores",
    "workers_that_draw",
]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_CLIENT = ("api", "_api")
_NOW = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}
_OF_CLOCKS = {"datetime", "date", "time"}
_IO = {"open", "print", "input", "exec", "eval"}
_OF_FILES = {"read_text", "write_text", "read_bytes", "write_bytes", "unlink", "mkdir", "touch"}
_WIDGETS = {"query_one", "query", "mount", "mount_all"}


def _of(tree: Tree, below: str) -> Iterator[tuple[str, ast.AST]]:
    for name, nodes in tree.nodes.items():
        if name.startswith(f"{tree.package.name}.{below}."):
            yield from ((name, node) for node in nodes)


def clients_taken(tree: Tree, below: str) -> set[str]:
    """Where a module takes hold of the client, `x.api`, whatever it calls it and however it takes it."""
    found = set()
    for name, node in _of(tree, below):
        match node:
            case ast.Attribute(of, attr, ast.Load()) if attr in _CLIENT and _last(of) + attr != "self_api":
                found.add(f"{name} takes {ast.unparse(node)}")
            case ast.Call(ast.Name("getattr"), [_, ast.Constant(attr), *_]) if attr in _CLIENT:
                found.add(f"{name} takes {ast.unparse(node)}")
            case ast.MatchClass(kwd_attrs=attrs) if set(attrs) & set(_CLIENT):
                found.add(f"{name} takes {ast.unparse(node)}")
    return found


def network_calls(tree: Tree, below: str, questions: Iterable[str] = ()) -> set[str]:
    """Where a module asks the network itself: calls of `api.x()`, of `acquire()`, and of these methods."""
    asked = set(questions)
    return {
        f"{name} calls {ast.unparse(node.func)}"
        for name, node in _of(tree, below)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (_asks(node.func) or node.func.attr in asked)
    }


def _asks(called: ast.Attribute) -> bool:
    of = called.value
    holder = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
    return called.attr.startswith("acquire") or holder == "api"


def casts(tree: Tree, below: str) -> set[str]:
    """Modules that say of a thing that it is another: the app of a screen, as a rule."""
    found = set()
    for name, node in _of(tree, below):
        match node:
            case ast.ImportFrom(names=names) if "cast" in {alias.name for alias in names}:
                found.add(name)
            case ast.Attribute(ast.Name("typing"), "cast"):
                found.add(name)
    return found


def any_apps(tree: Tree, below: str) -> set[str]:
    """Where the app is said to be of any type: then all of it may be reached for."""
    return {
        f"{name}: {ast.unparse(node)}"
        for name, node in _of(tree, below)
        if isinstance(node, ast.AnnAssign)
        and ast.unparse(node.annotation) == "Any"
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in ("app", "_app")
    }


def type_ignores(tree: Tree) -> set[str]:
    """Each line whose types are not checked, with its module and the rule that is put off."""
    found = set()
    for name, path in tree.paths.items():
        for rule in re.findall(r"# type: ignore(?:\[([\w, -]+)\])?", path.read_text()):
            found.add(f"{name}: {rule or 'all of them'}")
    return found


def impure_calls(tree: Tree, below: str) -> set[str]:
    """Where a module reads a clock, a file or a terminal."""
    found = set()
    for name, node in _of(tree, below):
        match node:
            case ast.Call(ast.Name(called)) if called in _IO:
                found.add(f"{name} calls {called}")
            case ast.Call(ast.Attribute(of, called)) if called in _OF_FILES or (
                called in _NOW and ast.unparse(of).rpartition(".")[2] in _OF_CLOCKS
            ):
                found.add(f"{name} calls {ast.unparse(node.func)}")
    return found


def workers_that_draw(tree: Tree, below: str) -> set[str]:
    """Coroutines that touch a widget themselves after they waited, in place of the screen in its own turn.

    The page may be another one, or none, by the time that the answer is there.
    """
    found = set()
    for name, node in _of(tree, below):
        if not isinstance(node, ast.ClassDef):
            continue
        methods = {each.name: each for each in node.body if isinstance(each, _FUNCTIONS)}
        touching = _touching(methods)
        for method in methods.values():
            waits = [each.lineno for each in ast.walk(method) if isinstance(each, (ast.Await, ast.AsyncFor))]
            if isinstance(method, ast.AsyncFunctionDef) and waits:
                late = [each for each in _calls(method) if each.lineno >= min(waits)]
                found |= {
                    f"{name}.{node.name}.{method.name} calls {each.attr}"
                    for each in (call.func for call in late)
                    if isinstance(each, ast.Attribute) and (each.attr in _WIDGETS or _own(each) in touching)
                }
    return found


def _touching(methods: Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]) -> set[str]:
    """Methods that look for a widget, or call one of the same class that does."""
    found: set[str] = set()
    while True:
        more = {
            name
            for name, method in methods.items()
            if name not in found
            and any(
                isinstance(call.func, ast.Attribute)
                and (call.func.attr in _WIDGETS or _own(call.func) in found)
                for call in _calls(method)
            )
        }
        if not more:
            return found
        found |= more


def _calls(method: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(method) if isinstance(node, ast.Call)]


def _own(called: ast.Attribute) -> str:
    return called.attr if isinstance(called.value, ast.Name) and called.value.id == "self" else ""


def reaches(tree: Tree) -> set[str]:
    """Where a private part of another object is read that this module does not give to its own kind.

    Only parts that some class here has: what libraries keep private is theirs to say.
    """
    given = {name: set(_private(nodes)) for name, nodes in tree.nodes.items()}
    ours = set().union(*given.values())
    return {
        f"{name}: {ast.unparse(node)}"
        for name, nodes in tree.nodes.items()
        for node in nodes
        if isinstance(node, ast.Attribute)
        and node.attr in ours
        and node.attr not in given[name]
        and ast.unparse(node.value) not in ("self", "cls", "super()")
    }


def _private(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that classes give their own private parts."""
    for kind in nodes:
        if isinstance(kind, ast.ClassDef):
            for node in ast.walk(kind):
                match node:
                    case ast.Attribute(ast.Name("self"), attr, ast.Store()) if _is_private(attr):
                        yield attr
                    case ast.AnnAssign(ast.Name(attr)) if _is_private(attr):
                        yield attr
                    case ast.FunctionDef(attr) | ast.AsyncFunctionDef(attr) if _is_private(attr):
                        yield attr


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def calls_of(tree: Tree, called: str) -> set[str]:
    """Modules that call this by its bare name."""
    return {
        name
        for name, nodes in tree.nodes.items()
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == called
    }


def spellings(tree: Tree, pattern: str) -> set[str]:
    """Modules with a text that this pattern is found in; docstrings and comments are none."""
    wanted = re.compile(pattern, re.IGNORECASE)
    found = set()
    for name, nodes in tree.nodes.items():
        said = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        texts = (node for node in nodes if isinstance(node, ast.Constant) and id(node) not in said)
        if any(isinstance(node.value, str) and wanted.search(node.value) for node in texts):
            found.add(name)
    return found


def outcomes_by_word(tree: Tree, attr: str, words: Iterable[str]) -> set[str]:
    """Where `x.attr` is compared to one of these words in place of the enum's own name for it."""
    spoken = set(words)
    found = set()
    for name, nodes in tree.nodes.items():
        for node in nodes:
            match node:
                case ast.Compare(left, _, others) if {attr} & {_last(each) for each in (left, *others)}:
                    texts = {
                        each.value
                        for part in (left, *others)
                        for each in ast.walk(part)
                        if isinstance(each, ast.Constant)
                    }
                    found |= {f"{name}: {ast.unparse(node)}"} if texts & spoken else set()
                case ast.Call(ast.Attribute(of, "startswith")) if _last(of) == attr:
                    found.add(f"{name}: {ast.unparse(node)}")
    return found


def cut_before(tree: Tree, called: str) -> set[str]:
    """Where a function of this name is given a text that was cut, as `called(text[:n])`."""
    return {
        f"{name}: {ast.unparse(node)}"
        for name, nodes in tree.nodes.items()
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == called
        for given in node.args
        if isinstance(given, ast.Subscript) and isinstance(given.slice, ast.Slice) and given.slice.upper
    }


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
