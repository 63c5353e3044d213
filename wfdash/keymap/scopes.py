"""Where a key is live: what help, the palette, the README and the check for clashes say of it."""

from msgspec import Struct

__all__ = ["SCOPES", "Scope"]


class Scope(Struct, frozen=True):
    title: str
    """Of its section in the help; scopes of one title share a section."""
    works_in: str
    """After "works in"."""
    where: str
    """In the README's table."""
    meets: frozenset[str]
    """Scopes that can be live at the same time: no key may be in both."""


_PAGES = frozenset({"app", "table", "list", "detail", "timeline", "instance", "errors"})
_TABLE = frozenset({"app", "table", "list", "instance", "errors"})
_DETAIL = frozenset({"app", "detail", "timeline", "instance"})

SCOPES = {
    "instance": Scope(
        "On the instance under the cursor, or the marked ones",
        "a table of instances",
        "table, detail",
        _PAGES,
    ),
    "table": Scope("In a table", "a table", "tables", _TABLE),
    "list": Scope("In the list of instances", "the list of instances", "list of instances", _TABLE),
    "detail": Scope("In the detail", "an open instance", "detail", _DETAIL),
    "timeline": Scope("On the timeline", "the timeline", "timeline", _DETAIL),
    "errors": Scope("On the errors page", "the errors page", "errors page", _TABLE),
    "history": Scope("On the page of history", "the page of history", "history", frozenset({"app"})),
    "field": Scope("In a form", "a text field", "text fields", frozenset()),
    "app": Scope("Everywhere", "every page", "everywhere", _PAGES | {"history"}),
}
