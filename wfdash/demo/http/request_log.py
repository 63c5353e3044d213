"""What the server was asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Scope

__all__ = ["Ledger", "LoggedRequest"]

KEPT = 20_000


@dataclass(slots=True)
class LoggedRequest:
    """One request as it arrived; `path` is still percent-encoded and has the query."""

    at: float
    method: str
    path: str
    headers: Headers
    body: bytes
    fault: str = ""
    """The kind of fault it met."""
    http: int | None = None
    """What it was answered with; None when it was not."""

    @classmethod
    def of(cls, scope: Scope, body: bytes, at: float) -> "LoggedRequest":
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        path = raw.partition(b"?")[0].decode("ascii", "replace")
        query = scope.get("query_string", b"").decode("ascii", "replace")
        return cls(at, scope["method"], f"{path}?{query}" if query else path, Headers(scope=scope), body)

    @property
    def json(self) -> Any:
        import json

        return json.loads(self.body) if self.body else None


@dataclass(slots=True)
class Ledger:
    """The last requests, oldest first."""

    items: list[LoggedRequest] = field(default_factory=list)
    kept: int = KEPT

    def append(self, asked: LoggedRequest) -> None:
        self.items.append(asked)
        if len(self.items) > 2 * self.kept:
            del self.items[: len(self.items) - self.kept]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[LoggedRequest]:
        return iter(self.items)

    def __getitem__(self, index: int) -> LoggedRequest:
        return self.items[index]

    def clear(self) -> None:
        self.items.clear()

    def of(self, method: str, part: str = "") -> list[LoggedRequest]:
        """The requests of one method whose path holds `part`."""
        return [item for item in self.items if item.method == method and part in item.path]
