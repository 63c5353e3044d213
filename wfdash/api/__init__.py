"""The wire: what Cloudflare says and how to ask it."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _LoadedAtUse(ModuleType):
    """Stands for a module until something of it is asked for, which loads it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


if "httpx" not in sys.modules:
    # httpx loads a command line of its own (click, rich, pygments: 50 ms of 130) that nothing here uses.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    # httpcore loads what speaks to a SOCKS proxy, 2 ms, whether there is such a proxy or not.
    sys.modules["socksio"] = _LoadedAtUse("socksio")
