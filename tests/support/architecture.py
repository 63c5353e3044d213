"""The rules about modules and names, over any tree of sources: each gives what breaks it, a line a case."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partialmethod, singledispatchmethod
from pathlib import Path
from types import FunctionType

__all__ = ["Tree", "own_methods"]

FULL = 16
SMALL = 45
LONG = 60
LINES_AT_MOST = 60
METHODS_AT_MOST = 45
LINES_OF_CLASS = 450
_HARMLESS = {"__init__", "__post_init__", "__repr__", "__str__", "__eq__", "__hash__", "__len__", "__bool__"}
_WORD = 6
"""Statements of a property that derives a word of an object, its docstring among them."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_IMPORTERS = ("import_module", "__import__")
_MAKERS = ("NamedTuple", "namedtuple", "defstruct", "make_dataclass", "type")
"""What makes a class without a `class`."""
METHODS = (
    FunctionType,
    property,
    cached_property,
    classmethod,
    staticmethod,
    partialmethod,
    singledispatchmethod,
)
PRIVATE_WORDS = {"told", "whole", "wholly", "one", "ones", "made"}
PRIVATE_WORDS |= {"heard", "hear", "hears", "hearing", "known", "know", "knows", "knowing"}


class Tree:
    """The modules below one package and what they import, for type hints and in functions too."""

    def __init__(self, package: Path) -> None:
        self.package = package
        self.paths = {self._dotted(path): path for path in sorted(package.rglob("*.py"))}

    def forget(self) -> None:
        """Lets go of the sources, some 100 MB that whatever comes after would be slower for."""
        for name in ("sources", "nodes", "roots", "imports", "importers"):
            self.__dict__.pop(name, None)

    def _dotted(self, path: Path) -> str:
        parts = path.relative_to(self.package.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def sources(self) -> Mapping[str, ast.Module]:
        return {name: ast.parse(path.read_text()) for name, path in self.paths.items()}

    @cached_property
    def nodes(self) -> Mapping[str, Sequence[ast.AST]]:
        """All nodes of each module: to walk over a source for each rule takes a second."""
        return {name: list(ast.walk(source)) for name, source in self.sources.items()}

    @cached_property
    def roots(self) -> Mapping[str, set[str]]:
        """The first words of all that each module imports."""
        return {name: set(_roots(nodes)) for name, nodes in self.nodes.items()}

    @cached_property
    def imports(self) -> Mapping[str, set[str]]:
        """Module -> the modules of the package that it imports."""
        return {name: set(self._imported(source)) - {name} for name, source in self.sources.items()}

    def _imported(self, source: ast.Module) -> Iterator[str]:
        for node in _reached_nodes(source):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(_IMPORTERS):
                texts = (each.value for each in node.args[:1] if isinstance(each, ast.Constant))
                yield from (str(text) for text in texts if text in self.paths)
            elif isinstance(node, ast.Import):
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

    def packages_imported(self) -> set[str]:
        """Imports of a package in place of what is in it: they would be no arrow to any module."""
        packages = {name for name, path in self.paths.items() if path.name == "__init__.py"}
        return {
            f"{name} imports {target}"
            for name, targets in self.imports.items()
            for target in targets & packages
        }

    def tops(self) -> set[str]:
        """The packages and modules right below this one."""
        return {name.split(".")[1] for name in self.paths if "." in name}

    def libraries(self, below: str) -> set[str]:
        """What a package imports of other projects, tests among them, and of the standard library."""
        return {
            root
            for name, roots in self.roots.items()
            if name.split(".")[1:2] == [below]
            for root in roots
            if root != self.package.name
        }

    def users_of(self, library: str) -> set[str]:
        """Modules that import this library."""
        return {name for name, roots in self.roots.items() if library in roots}

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

    def nests(self) -> set[str]:
        """Packages that have packages, by their dotted names below this one."""
        parts = [name.split(".")[1:-1] for name in self.paths if not self._is_package(name)]
        return {".".join(each[:depth]) for each in parts for depth in range(1, len(each))}

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
        for name in self.sources:
            messages = {
                id(node)
                for around in self.nodes[name]
                if isinstance(around, ast.ClassDef)
                for node in around.body
                if isinstance(node, ast.ClassDef) and _bases(node) == ["Message"]
            }
            for node in self.nodes[name]:
                match node:
                    case ast.ClassDef(kind) if id(node) not in messages:
                        pass
                    case ast.Assign([ast.Name(kind)], ast.Call(ast.Name(maker))) if maker in _MAKERS:
                        pass
                    case _:
                        continue
                if not kind.startswith("_"):
                    homes[kind].append(name)
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
            f"{name} has {lines} lines and only {self._importer(name)} imports it"
            for name, path in self.paths.items()
            if path.name != "__init__.py"
            and len({each for each in self.importers.get(name, ()) if not self._is_package(each)}) == 1
            and (lines := len(path.read_text().splitlines())) < SMALL
            and not _is_record(self.sources[name])
        }

    def _is_package(self, name: str) -> bool:
        return self.paths[name].name == "__init__.py"

    def _importer(self, name: str) -> str:
        return next(each for each in self.importers[name] if not self._is_package(each))

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
        """Classes with as many functions, or lines, as nobody holds in the head.

        Those of a base that no other class has are counted: it is a part of this one, wherever it stands.
        """
        kinds = [
            (name, node)
            for name, source in self.sources.items()
            for node in self.nodes[name]
            if isinstance(node, ast.ClassDef)
        ]
        by_name = {node.name: node for _, node in kinds}
        heirs = Counter(base for _, node in kinds for base in _bases(node))

        def methods(node: ast.ClassDef) -> int:
            own = [by_name[base] for base in _bases(node) if base in by_name and heirs[base] == 1]
            return _methods(node) + sum(methods(base) for base in own if base is not node)

        found = set()
        for name, node in kinds:
            if (number := methods(node)) > METHODS_AT_MOST:
                found.add(f"{name}.{node.name} has {number} methods")
            if (lines := (node.end_lineno or 0) - node.lineno + 1) > LINES_OF_CLASS:
                found.add(f"{name}.{node.name} has {lines} lines")
        return found

    def long_functions(self) -> set[str]:
        """Functions longer than anybody reads at a stretch, and statements at the top of a module."""
        found = {
            f"{name}.{getattr(node, 'name', 'lambda')} has {lines} lines"
            for name, source in self.sources.items()
            for node in self.nodes[name]
            if isinstance(node, (*_FUNCTIONS, ast.Lambda))
            and (lines := (node.end_lineno or 0) - node.lineno + 1) > LINES_AT_MOST
        }
        for name, source in self.sources.items():
            lines = sum((node.end_lineno or 0) - node.lineno + 1 for node in source.body if _runs(node))
            if lines > LINES_AT_MOST:
                found.add(f"{name} runs {lines} lines when it is loaded")
        return found

    def passed_on(self) -> set[str]:
        """Names that a module offers as its own and takes from another one of the package."""
        found = set()
        for name, source in self.sources.items():
            offered = _offered(self.nodes[name])
            for node in source.body:
                match node:
                    case ast.ImportFrom(module, names) if module in self.paths:
                        given = {alias.asname or alias.name for alias in names}
                        found |= {f"{name} passes on {each} of {module}" for each in given & {*offered, "*"}}
                    case ast.Assign([ast.Name(given)], ast.Attribute()) if given in offered:
                        found.add(f"{name} passes on {ast.unparse(node.value)} as {given}")
        return found

    def odd_lists_of_names(self) -> set[str]:
        """`__all__` that is not one list of texts, and packages whose `__init__` does something."""
        found = set()
        for name, source in self.sources.items():
            changed = [node for node in self.nodes[name] if _changes_all(node)]
            lists = [node.value for node in changed if isinstance(node, ast.Assign)]
            texts = all(isinstance(each, ast.List) and all(map(_is_text, each.elts)) for each in lists)
            if len(changed) > 1 or len(lists) < len(changed) or not texts:
                found.add(f"{name} builds its __all__")
            if self._is_package(name) and name != self.package.name and len(source.body) > 1:
                found.add(f"{name} does something in its __init__")
        return found

    def long_test_names(self) -> set[str]:
        return {
            f"{module}: {name}"
            for module in self.sources
            for name in _names_given(self.nodes[module])
            if name.startswith("test_") and len(name) >= LONG
        }

    def private_words(self) -> set[str]:
        """Names given here that are built of words that say nothing about the thing."""
        return {
            f"{module}: {name}"
            for module in self.sources
            for name in (*module.split(".")[1:], *_names_given(self.nodes[module]))
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


def _reached_nodes(source: ast.Module) -> Iterator[ast.AST]:
    """All nodes but those behind a condition that never holds."""
    waiting: list[ast.AST] = [source]
    while waiting:
        node = waiting.pop()
        yield node
        for each in ast.iter_child_nodes(node):
            never = isinstance(each, ast.If) and isinstance(each.test, ast.Constant) and not each.test.value
            waiting += each.orelse if never and isinstance(each, ast.If) else [each]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _roots(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def _bases(kind: ast.ClassDef) -> list[str]:
    return [ast.unparse(base).split("[")[0].split(".")[-1] for base in kind.bases]


def _methods(kind: ast.ClassDef) -> int:
    """Functions of a class: below a condition too, and what stands there as a lambda."""
    waiting, number = list(kind.body), 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If):
            waiting += [*node.body, *node.orelse]
        named = isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Lambda)
        number += named or isinstance(node, _FUNCTIONS)
    return number


def _runs(node: ast.stmt) -> bool:
    """Whether a statement at the top of a module is more than a name for something."""
    harmless = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.Assign, ast.AnnAssign, *_FUNCTIONS)
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return not isinstance(node, harmless) and not text


def _changes_all(node: ast.AST) -> bool:
    match node:
        case ast.Assign([ast.Name("__all__")]) | ast.AugAssign(ast.Name("__all__")):
            return True
        case ast.AnnAssign(ast.Name("__all__")) | ast.Call(ast.Attribute(ast.Name("__all__"))):
            return True
    return False


def _is_record(source: ast.Module) -> bool:
    """Whether a module is there for its records: classes that do nothing, and no function beside them."""
    nodes = list(ast.walk(source))
    kinds = [node for node in nodes if isinstance(node, ast.ClassDef)]
    within = {id(each) for kind in kinds for each in ast.walk(kind)}
    beside = any(isinstance(node, (*_FUNCTIONS, ast.Lambda)) and id(node) not in within for node in nodes)
    return bool(kinds) and not beside and not any(_does(node, kind) for kind in kinds for node in kind.body)


def _does(node: ast.stmt, kind: ast.ClassDef) -> bool:
    """Whether this part of a class does more than make an object or derive a word of it."""
    if not isinstance(node, _FUNCTIONS) or node.name in _HARMLESS:
        return False
    decorators = set(map(ast.unparse, node.decorator_list))
    if {"property", "cached_property"} & decorators:
        return len(node.body) > _WORD
    if "classmethod" in decorators:
        # One that makes an object says so.
        return node.returns is None or ast.unparse(node.returns).strip("\"'") not in (kind.name, "Self")
    return True


def _offered(nodes: Iterable[ast.AST]) -> set[str]:
    """The names in `__all__`, however it is written."""
    return {
        each.value
        for node in nodes
        if _changes_all(node)
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


def _names_given(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name) | ast.arg(name):
                yield name
            case ast.Name(name, ast.Store()) | ast.Attribute(_, name, ast.Store()):
                yield name
            case ast.alias(_, str(name)) | ast.MatchAs(_, str(name)) | ast.ExceptHandler(_, str(name)):
                yield name
            case ast.MatchStar(str(name)) | ast.MatchMapping(rest=str(name)):
                yield name
            case ast.Call(ast.Name("SimpleNamespace"), keywords=keywords):
                yield from (each.arg for each in keywords if each.arg)
            case ast.Call(ast.Name("setattr"), [_, ast.Constant(str(name)), *_]):
                yield name
            case ast.Call(ast.Name("defstruct" | "namedtuple"), [_, fields, *_]):
                yield from (each.value for each in ast.walk(fields) if _is_text(each))
