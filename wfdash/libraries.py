"""What libraries load of their own accord, and a start has no use for: put off, or left out.

Each was measured with -X importtime on 2 cores, beside what else is loaded by then. A library that somebody
has loaded already is left as it is.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["load_httpx", "spare"]

_AT_USE = (
    "msgspec.inspect",  # 3 ms: describes types to whoever wants a schema of them
    "msgspec.toml",  # 0.5 ms
    "socksio",  # 2 ms: loaded by httpcore, whether there is a SOCKS proxy or not
    "certifi",  # 2 ms: read where the environment names no certificates, in a thread
    "idna",  # 1 ms: for a host that is not ASCII
    "email.message",  # 1.5 ms: httpx asks it for the charset of a text, which none here is
    "statistics",  # 0.6 ms: medians of what is drawn later
    "mimetypes",  # 0.5 ms: for files that are sent
)
_NEVER = (
    "httpx._main",  # 50 ms: a command line of its own, with click, rich and pygments
)
_NAMES_ALONE = (
    "textual.command",  # 5 ms: a palette, with a tree, a select and an option list; the one here is another
)
_FOR_COOKIES = (
    "http.cookiejar",  # 1.5 ms
    "urllib.request",  # 4 ms, with http.client: as whose requests httpx dresses up its own
)
"""What httpx keeps cookies with. The client here keeps none, and asks no server through the environment."""


def spare() -> None:
    """Puts stand-ins for these where libraries will look for them."""
    for name in _AT_USE:
        if name not in sys.modules:
            _put(_LoadedAtUse(name))
    for name in _NEVER:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    for name in _NAMES_ALONE:
        sys.modules.setdefault(name, _NamesAlone(name))


def load_httpx() -> None:
    """Loads httpx without what it keeps cookies with; nobody else sees the stand-ins."""
    with _stood_for(*(name for name in _FOR_COOKIES if name not in sys.modules)):
        import_module("httpx")


@contextmanager
def _stood_for(*names: str) -> Iterator[None]:
    for name in names:
        _put(_NamesAlone(name))
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
            package, _, part = name.rpartition(".")
            delattr(sys.modules[package], part)


def _put(module: ModuleType) -> None:
    """Puts a stand-in where `import` and the package look for the module, as if it had been loaded."""
    sys.modules[module.__name__] = module
    package, _, part = module.__name__.rpartition(".")
    if package:
        setattr(import_module(package), part, module)


class _LoadedAtUse(ModuleType):
    """Stands for a module until something of it is asked for, which loads it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


class _NamesAlone(ModuleType):
    """A module that has every name that is imported from it, each an empty class of no use.

    Empty, for httpx looks through a jar for cookies even where it only notes where a redirect would lead.
    """

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__iter__": lambda _: iter(())})
