"""The screens. They draw what `live` knows and hand it what a person wants."""

import sys
from types import ModuleType


class _NoPalette(ModuleType):
    """In the place of Textual's command palette: any name is there, and is of no use."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


# Textual loads its palette for the names of three classes, and with it a tree, a select and an option list:
# 8 ms of 110. The palette here is another one.
if "textual.app" not in sys.modules:
    sys.modules["textual.command"] = _NoPalette("textual.command")
