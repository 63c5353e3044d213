"""A simulator all of whose strings want to be commands, markup or trouble.

What it says is `PLAIN~PAYLOAD`, and what is asked of it is cut at the `~` again, so that everything works.
"""

import json
import re
import time
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, unquote
from zlib import crc32

from wfdash.demo.http import api, serve
from wfdash.demo.http.api import Application
from wfdash.demo.http.envelope import SimulatedAnswer
from wfdash.demo.http.request_log import LoggedRequest

__all__ = ["BIG", "PAYLOADS", "hostile", "main"]

PAYLOADS = (
    "\x1b[31337m\x1b[?31337h\x1b[2;31337H",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]52;p;ZXZpbA==\x1b\\",
    "\x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "\x1b]0;evil title\x07",
    "\x9b31337m\x9d0;evil\x9c\x84\x85\x8d",
    "\x1bP+q544e\x1b\\\x1b_Gf\x1b\\\x1b^evil\x1b\\\x1bXevil\x1b\\",
    "\x1bc\x1b#8\x1b(0\x1b7\x1b8\x1bM\x0e\x0f\x05",
    "\u202egnp.exe\u2066evil\u2069\u200f\u061c",
    "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u180eh",
    "\U000e0001\U000e0065\U000e0076\U000e0069\U000e006c\U000e007f",
    "\ud800x\udfff\udc80",
    "e" + "\u0301" * 300 + "\u0488" * 50,
    "[/x][@click=app.quit]evil[/][link=https://evil.example]x[/link][$x][bold red on blue",
    "one\ntwo\r\nthree\rfour\tfive\x0bsix\x0cseven\x08\x08\x07eight\x00\x7f\u2028nine\u2029",
    "界" * 40 + "👩‍👩‍👧‍👦1️⃣❤️👍🏽",
    "\u3164\u115f\uffa0\u2800\u00a0\u3000",
    "\ue000\U000f0000\ufffe\U0010ffff",
)
BIG = "x" * 500_000 + "\x1b[31337m" + "界" * 500_000
"""A megabyte of one line, in the first instance."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT")
_KEPT = {"cursor", "next_cursor", "direction", "type", "outcome"}
_NUMBERED = re.compile(r"(.*)(-\d+)", re.DOTALL)
_NAMED = re.compile(r"~.*?(?=-\d+$|$)", re.DOTALL)


def hostile(text: str) -> str:
    """The same payload for the same text; the count at the end of a step's name stays there."""
    payload = "~" + PAYLOADS[crc32(text.encode("utf-8", "replace")) % len(PAYLOADS)]
    numbered = _NUMBERED.fullmatch(text) if " " in text else None
    return numbered[1] + payload + numbered[2] if numbered else text + payload


def _spoilt(value: Any, key: str = "", *, free: bool = False) -> Any:
    """Every string in it made hostile but times, cursors and most statuses and kinds; `free`: keys too."""
    if isinstance(value, dict):
        return {
            hostile(name) if free else name: _spoilt(
                each, name, free=free or name in ("params", "payload", "instances", "config")
            )
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_spoilt(each, key, free=free) for each in value]
    if not isinstance(value, str) or _TIME.match(value) or key in _KEPT:
        return value
    if key == "status":
        return hostile(value) if crc32(value.encode()) % 7 == 0 else value
    if key == "output" and value[:1] == "{":
        try:
            return json.dumps(_spoilt(json.loads(value), free=True), ensure_ascii=False)
        except ValueError:
            return hostile(value)
    return hostile(value)


def _restored(path: str) -> str:
    address, mark, query = path.partition("?")
    segments = [_NAMED.sub("", unquote(part, errors="surrogatepass")) for part in address.split("/")]
    return "/".join(quote(part, safe="") for part in segments) + mark + query


class HostileApplication(Application):
    """PUT /refuse makes it refuse everything, in words as hostile."""

    refusing = False
    first = ""

    def answer(self, asked: LoggedRequest, refusal: SimulatedAnswer | None = None) -> SimulatedAnswer:
        if asked.method == "PUT":
            self.refusing = "/refuse" in asked.path
            return SimulatedAnswer(200, {"success": True})
        asked.path = _restored(asked.path)
        answer = super().answer(asked, refusal)
        if self.refusing:
            errors = [{"code": 10001, "message": "no " + "".join(PAYLOADS)}]
            answer = SimulatedAnswer(
                403, {"success": False, "errors": errors, "messages": [*PAYLOADS], "result": None}
            )
        elif answer.envelope is not None:
            answer.envelope = _spoilt(answer.envelope)
            self._enlarge(asked, answer.envelope)
        answer.headers = {**answer.headers, "cf-ray": "8d3a\x9b31337m\x9d0;evil\x9c"}
        return answer

    def _enlarge(self, asked: LoggedRequest, envelope: dict[str, Any]) -> None:
        result = envelope["result"]
        if isinstance(result, list) and result and "id" in result[0] and not self.first:
            self.first = _NAMED.sub("", result[0]["id"])
        if isinstance(result, dict) and "steps" in result:
            odd = {"type": hostile("poem"), "name": hostile("an odd step-1"), "start": hostile("x")}
            result["steps"].append({**odd, "end": None, "config": {"retries": hostile("many")}})
            if self.first and self.first in asked.path:
                result |= {"output": BIG, "params": {BIG: BIG}, "error": {"name": BIG, "message": BIG}}
                result["steps"].append({**odd, "type": "step", "name": BIG, "output": BIG})


def main(scenario: str) -> int:
    began = time.time()
    serve.create_app = lambda world, **_: HostileApplication(world, (), 0.0, 100_000)
    api.formatdate = lambda *_, **__: formatdate(usegmt=True)  # or this machine's clock would be called wrong
    return serve.serve(0, scenario=scenario, clock=lambda: began)
