"""A process that forks others by order; each order is a line of JSON with the descriptors it is about."""

import json
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["Forker", "next_order"]

_ROOT = Path(__file__).parents[3]


class Forker:
    """`python -m MODULE SOCKET`: carries out one order after another, each answered by a process's id."""

    def __init__(self, module: str, env: Mapping[str, str]) -> None:
        self._orders, theirs = socket.socketpair()
        self._orders.settimeout(180)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(theirs.fileno())],
                env=dict(env),
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def ask(self, order: Mapping[str, Any], *descriptors: int) -> int:
        """The id of the process it is about, once the order was carried out."""
        text = json.dumps(order).encode() + b"\n"
        sent = socket.send_fds(self._orders, [text], descriptors)
        self._orders.sendall(text[sent:])
        answer = b""
        while not answer.endswith(b"\n"):
            data = self._orders.recv(64)
            assert data, "the process that forks others has ended"
            answer += data
        return int(answer)

    def close(self) -> None:
        """It ends once nobody can ask any more, and what it forked with it."""
        self._orders.close()
        self._process.wait(60)


def next_order(orders: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """What is asked next, and its descriptors; None once nobody can ask any more."""
    text, descriptors = b"", list[int]()
    while not text.endswith(b"\n"):
        data, more, _, _ = socket.recv_fds(orders, 65536, 4)
        if not data:
            return None
        text += data
        descriptors += more
    return json.loads(text), descriptors
