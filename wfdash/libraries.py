"""What libraries load of their own accord, and a start has no use for: put off, or left out.

Each was measured with -X importtime on 2 cores, beside what else is loaded by then. A library that somebody
has loaded already is left as it is.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["spare"]

_AT_USE = (
    "msgspec.inspect",  # 3 ms: describes types to whoever wants a schema of them
    "msgspec.toml",  # 0.5 ms
    "socksio",  # 2 ms: loaded by httpcore, whether there is a SOCKS proxy or not
    "certifi",  # 2 ms: read where the environment names no certificates, in a thread
    "idna",  # 1 ms: for a host that is not ASCII
)
_NEVER = (
    "httpx._main",  # 50 ms: a command line of its own, with click, rich and pygments
)
_NAMES_ALONE = (
    "textual.command",  # 5 ms: a palette, with a tree, a select and an option list; the one here is another
)


def spare() -> None:
    """Puts stand-ins for these where libraries will look for them."""
    for name in _AT_USE:
        sys.modules.setdefault(name, _LoadedAtUse(name))
    for name in _NEVER:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    for name in _NAMES_ALONE:
        sys.modules.setdefault(name, _NamesAlone(name))


class _LoadedAtUse(ModuleType):
    """Stands for a module until something of it is asked for, which loads it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


class _NamesAlone(ModuleType):
    """Has every name that is imported from it, as a class that is of no use."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})
