"""The envelope around every answer."""

import json
from dataclasses import dataclass, field
from typing import Any

__all__ = ["SimulatedAnswer", "failure", "success"]


@dataclass(slots=True)
class SimulatedAnswer:
    """`envelope` is sent as JSON unless there is `content`, which is sent as it is."""

    http: int = 200
    envelope: dict[str, Any] | None = None
    content: bytes = b""
    type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        if self.envelope is None:
            return self.content
        # A lone surrogate in somebody's payload goes out as the escape it came in as.
        return json.dumps(self.envelope, separators=(",", ":"), ensure_ascii=True).encode()


def success(result: Any, *, info: dict[str, Any] | None = None, http: int = 200) -> SimulatedAnswer:
    envelope = {"success": True, "errors": [], "messages": [], "result": result}
    if info is not None:
        envelope["result_info"] = info
    return SimulatedAnswer(http, envelope)


def failure(http: int, code: int, message: str, **headers: str) -> SimulatedAnswer:
    errors = [{"code": code, "message": message}]
    envelope = {"success": False, "errors": errors, "messages": [], "result": None}
    return SimulatedAnswer(
        http, envelope, headers={key.replace("_", "-"): value for key, value in headers.items()}
    )
