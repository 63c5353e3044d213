"""The rules about modules and names, over any tree of sources: each gives what breaks it, a line a case."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import FunctionType

__all__ = ["Tree", "own_methods"]

FULL = 16
SMALL = 45
LONG = 60
LINES_AT_MOST = 60
METHODS_AT_MOST = 45
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
METHODS = (FunctionType, property, cached_property, classmethod, staticmethod)
PRIVATE_WORDS = {"told", "heard", "known", "whole", "one", "made"}


class Tree:
    """The modules below one package and what they import, for type hints and in functions too."""

    def __init__(self, package: Path) -> None:
        self.package = package
        self.paths = {self._dotted(path): path for path in sorted(package.rglob("*.py"))}

    def _dotted(self, path: Path) -> str:
        parts = path.relative_to(self.package.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def sources(self) -> Mapping[str, ast.Module]:
        return {name: ast.parse(path.read_text()) for name, path in self.paths.items()}

    @cached_property
    def imports(self) -> Mapping[str, set[str]]:
        """Module -> the modules of the package that it imports."""
        return {name: set(self._imported(source)) - {name} for name, source in self.sources.items()}

    def _imported(self, source: ast.Module) -> Iterator[str]:
        for node in ast.walk(source):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if alias.name in self.paths)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, "imports are absolute"
                for alias in node.names:
                    submodule = f"{node.module}.{alias.name}"
                    found = submodule if submodule in self.paths else node.module
                    if found in self.paths and found != self.package.name:
                        yield found

    def beyond(self, package: str, allowed: Iterable[str]) -> set[str]:
        """Imports of one package from others than these."""
        name = self.package.name
        may = {f"{name}.{other}" for other in (*allowed, package)}
        return {
            f"{module} imports {target}"
            for module, targets in self.imports.items()
            if module.split(".")[1:2] == [package]
            for target in targets
            if ".".join(target.split(".")[:2]) not in may
        }

    def wrong_arrows(self, layers: Sequence[Iterable[str]], below: str = "") -> set[str]:
        """Imports from a room into one that lies above it, and rooms that have no place in `layers`."""
        rank = {room: place for place, rooms in enumerate(layers) for room in rooms}
        prefix = f"{self.package.name}.{below}." if below else f"{self.package.name}."

        def room(name: str) -> str:
            return name.removeprefix(prefix).split(".")[0] if name.startswith(prefix) else ""

        found = {f"{name} has no room" for name in self.paths if room(name) and room(name) not in rank}
        for name, targets in self.imports.items():
            here = rank.get(room(name))
            wrong = (target for target in targets if rank.get(room(target), 99) < (here or 0))
            found |= {f"{name} imports {target}" for target in wrong}
        return found

    def rooms_in_a_circle(self, below: str) -> set[str]:
        """Rooms of one package that import each other, directly or not."""
        prefix = f"{self.package.name}.{below}."
        rooms: dict[str, set[str]] = defaultdict(set)
        for name, targets in self.imports.items():
            if name.startswith(prefix):
                here = name.removeprefix(prefix).split(".")[0]
                theirs = {
                    target.removeprefix(prefix).split(".")[0]
                    for target in targets
                    if target.startswith(prefix)
                }
                rooms[here] |= theirs - {here}
        return _in_a_circle(rooms)

    def modules_in_a_circle(self, *, apart: str = "") -> set[str]:
        """Modules that import each other, directly or not; those below `apart` may."""
        beside = f"{self.package.name}.{apart}."
        return {name for name in _in_a_circle(self.imports) if not apart or not name.startswith(beside)}

    def full_folders(self) -> set[str]:
        modules = Counter(
            path.parent.relative_to(self.package.parent).as_posix()
            for path in self.paths.values()
            if path.name != "__init__.py"
        )
        return {f"{folder} has {number} modules" for folder, number in modules.items() if number > FULL}

    def namesakes(self) -> set[str]:
        """Public classes, nested ones too, each with the modules that have it when these are several.

        What Textual finds by its name in the class around it is not counted: its messages.
        """
        homes: dict[str, list[str]] = defaultdict(list)
        for name, source in self.sources.items():
            for node in ast.walk(source):
                if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
                    continue
                if [ast.unparse(base) for base in node.bases] != ["Message"]:
                    homes[node.name].append(name)
        return {f"{name} is in {', '.join(modules)}" for name, modules in homes.items() if len(modules) > 1}

    @cached_property
    def importers(self) -> Mapping[str, set[str]]:
        importers: dict[str, set[str]] = defaultdict(set)
        for name, targets in self.imports.items():
            for target in targets:
                importers[target].add(name)
        return importers

    def lone_modules(self) -> set[str]:
        """Short modules with one importer, unless they hold records or are reached by a table of names."""
        return {
            f"{name} has {lines} lines and only {next(iter(self.importers[name]))} imports it"
            for name, path in self.paths.items()
            if path.name != "__init__.py"
            and len(self.importers.get(name, ())) == 1
            and (lines := len(path.read_text().splitlines())) < SMALL
            and not _is_record(self.sources[name])
        }

    def unused_modules(self, *, tables: Iterable[str]) -> set[str]:
        """Modules that nothing imports, and that none of these reached by name."""
        reached = set(tables)
        return {
            name
            for name, path in self.paths.items()
            if path.name not in ("__init__.py", "__main__.py")
            and not self.importers.get(name)
            and name not in reached
        }

    def large_classes(self) -> set[str]:
        """Classes with as many functions as nobody holds in the head, those of their bases not counted."""
        return {
            f"{name}.{node.name} has {number} methods"
            for name, source in self.sources.items()
            for node in ast.walk(source)
            if isinstance(node, ast.ClassDef)
            and (number := sum(isinstance(each, _FUNCTIONS) for each in node.body)) > METHODS_AT_MOST
        }

    def long_functions(self) -> set[str]:
        return {
            f"{name}.{node.name} has {lines} lines"
            for name, source in self.sources.items()
            for node in ast.walk(source)
            if isinstance(node, _FUNCTIONS)
            and (lines := (node.end_lineno or 0) - node.lineno + 1) > LINES_AT_MOST
        }

    def clients_taken(self, below: str) -> set[str]:
        """Where a module of this package takes hold of the client, `x.api`, whatever it calls it."""
        return {
            f"{name} takes {ast.unparse(node)}"
            for name, source in self.sources.items()
            if name.startswith(f"{self.package.name}.{below}.")
            for node in ast.walk(source)
            if isinstance(node, ast.Attribute) and node.attr == "api" and isinstance(node.ctx, ast.Load)
        }

    def casts(self, below: str) -> set[str]:
        """Modules of this package that say of a thing that it is another: the app of a screen, as a rule."""
        return {
            name
            for name, source in self.sources.items()
            if name.startswith(f"{self.package.name}.{below}.")
            for node in ast.walk(source)
            if isinstance(node, ast.ImportFrom) and "cast" in {alias.name for alias in node.names}
        }

    def passed_on(self) -> set[str]:
        """Names that a module offers as its own and imports from another one of the package."""
        return {
            f"{name} passes on {offered} of {node.module}"
            for name, source in self.sources.items()
            for node in source.body
            if isinstance(node, ast.ImportFrom) and node.module in self.paths
            for offered in {alias.asname or alias.name for alias in node.names} & _offered(source)
        }

    def network_calls(self, below: str) -> set[str]:
        """Where a module of this package asks the network itself: calls of `api.x()` and `acquire()`."""
        return {
            f"{name} calls {ast.unparse(node.func)}"
            for name, source in self.sources.items()
            if name.startswith(f"{self.package.name}.{below}.")
            for node in ast.walk(source)
            if isinstance(node, ast.Call) and _asks(node.func)
        }

    def long_test_names(self) -> set[str]:
        return {
            f"{module}: {name}"
            for module, source in self.sources.items()
            for name in _names_given(source)
            if name.startswith("test_") and len(name) >= LONG
        }

    def private_words(self) -> set[str]:
        """Names given here that are built of words that say nothing about the thing."""
        return {
            f"{module}: {name}"
            for module, source in self.sources.items()
            for name in (module.rpartition(".")[2], *_names_given(source))
            if PRIVATE_WORDS & set(map(str.lower, re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)))
        }


def own_methods(kind: type, package: str) -> set[str]:
    """Names of what a class defines as methods or properties, and its bases in this package."""
    own = [vars(base) for base in kind.__mro__ if base.__module__.partition(".")[0] == package]
    return {name for each in own for name, value in each.items() if isinstance(value, METHODS)}


def _in_a_circle(arrows: Mapping[str, set[str]]) -> set[str]:
    reached = {name: _reached(name, arrows) for name in arrows}
    return {name for name, names in reached.items() if name in names}


def _reached(start: str, arrows: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(arrows.get(start, ()))
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += arrows.get(name, ())
    return found


def _is_record(source: ast.Module) -> bool:
    """Whether a module is there for its records: classes that do nothing, and no function beside them."""
    kinds = [node for node in source.body if isinstance(node, ast.ClassDef)]
    beside = any(isinstance(node, _FUNCTIONS) for node in source.body)
    return bool(kinds) and not beside and not any(_does(node) for kind in kinds for node in kind.body)


def _does(node: ast.stmt) -> bool:
    """Whether this part of a class does more than make an object or derive a word of it."""
    if not isinstance(node, _FUNCTIONS) or node.name.startswith("__"):
        return False
    return not {"property", "cached_property", "classmethod"} & set(map(ast.unparse, node.decorator_list))


def _offered(source: ast.Module) -> set[str]:
    """The names in `__all__`."""
    for node in source.body:
        match node:
            case ast.Assign([ast.Name("__all__")], ast.List(names)):
                return {name.value for name in names if isinstance(name, ast.Constant)}
    return set()


def _asks(called: ast.expr) -> bool:
    if not isinstance(called, ast.Attribute):
        return False
    of = called.value
    holder = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
    return called.attr.startswith("acquire") or holder == "api"


def _names_given(source: ast.Module) -> Iterator[str]:
    for node in ast.walk(source):
        match node:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name) | ast.arg(name):
                yield name
            case ast.Name(name, ast.Store()) | ast.Attribute(_, name, ast.Store()):
                yield name
            case ast.alias(_, str(name)) | ast.MatchAs(_, str(name)) | ast.ExceptHandler(_, str(name)):
                yield name
