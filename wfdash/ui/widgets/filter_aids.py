"""What helps while a filter is typed: how its last word may go on, and where it cannot be read."""

from rich.highlighter import Highlighter
from rich.text import Text
from textual.suggester import Suggester

from wfdash.core.completion import complete, completed
from wfdash.core.query import QueryError, parse

__all__ = ["Fault", "Suggestions"]


class Suggestions(Suggester):
    """Offers the first completion behind the cursor; `→` takes it."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        words = complete(value, len(value))
        return completed(value, len(value), words[0])[0] if words else None


class Fault(Highlighter):
    """Underlines what cannot be read, from the place the error points at to the end of that word."""

    def highlight(self, text: Text) -> None:
        try:
            parse(text.plain)
        except QueryError as wrong:
            start = min(wrong.position, max(0, len(text.plain) - 1))
            blank = text.plain.find(" ", start + 1)
            text.stylize("underline bold red", start, len(text.plain) if blank < 0 else blank)
