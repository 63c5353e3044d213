"""What a WebSocket offers to who reads it."""

from typing import Protocol

__all__ = ["Socket", "SocketEnded"]


class SocketEnded(Exception):
    """The other side closed it, or it was cut; `code` says why (RFC 6455, 7.4.1)."""

    def __init__(self, code: int = 1006) -> None:
        super().__init__(code)
        self.code = code


class Socket(Protocol):
    async def send(self, text: str) -> None: ...
    async def receive(self) -> str | bytes:
        """The next message. Raises SocketEnded."""
        ...

    async def close(self) -> None: ...
