"""Takes out of a message what differs by chance between failures of one kind: ids, numbers, times, hosts."""

import re
from itertools import pairwise
from typing import Final

from wfdash.core.text.error_message import main_line

__all__ = ["plain_message", "without_chance"]

_STATUS: Final = re.compile(
    r"(?i:\b(?:status(?: ?code)?|https?(?:/[\d.]+)?|code|error|errno|exit(?:ed)?(?: code| status)?(?: with)?"
    r"|sqlstate|signal|returned|responded|responds|gave|got|answered|received|replied|with|says?|said|failed|is|was)"
    r"\s*[:=(\[]?\s*['\"]?)([1-5]\d\d)\b(?!\s*(?:ms|s|m|h|%|items?|rows?|bytes?|kb|mb)\b)(?![.,:]\d)"
    r"|^\s*([1-5]\d\d)\b(?=\s*[-:]|\s+[A-Z])"
    r"|\b([45]\d\d)(?=\s*:?\s+[A-Z][a-z]+)"
    r"|(?i:\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|fetch)\b.{1,200}?\s)([45]\d\d)(?=$|[\s:;,)])"
    r"|\b(?i:(?:code|errno|sqlstate|exit code|exit status|signal)\s*[:=(\[#]?\s*['\"]?)([0-9A-Z]{1,6})\b"
    r"|\b(?i:error\s*[:=(\[#]?\s*)(1\d{3})\b"
    r"|^\s*\(?([1-5]\d\d)\)?[.!]?\s*$"
    r"|\(([45]\d\d)\)",
)
"""Numbers that name a kind of failure: an HTTP status or another error code. 502 and 504 are two causes, and
so are Cloudflare's own errors 1015 and 1020."""
_CODE: Final = re.compile(
    r"\b(?:ORA|TS|AADSTS|PGRST|SQLCODE|E|EC|ERR|CF|TNS|DB|HY|AWS|GRPC)[-_]?\d{3,6}\b(?!-)"
)
"""Error codes that vendors spell with letters (ORA-00942, E11000): kinds, not ids."""
_MACHINE_CODE: Final = re.compile(
    r"\b(?i:(?:error|hresult|ntstatus|status|code|exception|result)\s*[:=(\[#]?\s*)0x[0-9a-f]{2,8}\b"
    r"|\b0x[89cC][0-9a-fA-F]{7}\b"
)
"""Operating systems' codes (0x80070005); other hexadecimal numbers are addresses, which differ by chance."""
_PROTOCOL: Final = re.compile(r"\b(?:TLS|SSL|SSH|SMTP|MQTT|OAuth|OpenSSL)(?:[ /-]?v?|v)\d+(?:\.\d+)*\b")
"""A protocol with its version: TLS 1.2 is refused where TLS 1.3 is not."""
_NOUN_ID: Final = re.compile(
    r"((?i:\b(?:order|sku|item|invoice|customer|ticket|booking|parcel|shipment|account|user|product|part|row"
    r"|record|ref))\s+#?|(?:^|\s)(?!エラー|コード|ошибка|код|错误|代码)[^\W\da-zA-Z_]+\s+)"
    r"([^\W\d_a-z]{1,4}-?\d[\w-]*)(?![\w-])"
)
"""Letters with digits behind the noun that they number: `sku A-1`, `заказ АБ-1234`, `注文 A1029`."""
_PREFIXED_ID: Final = re.compile(
    r"\b[a-z]{2,8}_(?=[A-Za-z0-9]*\d[A-Za-z])(?=[A-Za-z0-9]*[A-Za-z]\d)[A-Za-z0-9]{6,}\b"
)
"""`ord_9Xk2LmQ`: short for an id, and told as one by what stands before it."""
_BRACKETED: Final = re.compile(
    r"(?i)(\((?:reference|ref|request[ _-]?id|trace[ _-]?id|ray[ _-]?id|ray)\s*[:=]\s*)[a-z0-9_-]{8,}(?=\))"
)
"""A reference that stands in brackets by itself is one, whatever its letters are."""
_REFERENCE: Final = re.compile(
    r"(?i)\b((?:reference|ref|request[ _-]?id|req[ _-]?id|trace[ _-]?id|ray[ _-]?id|ray|correlation[ _-]?id"
    r"|span[ _-]?id|transaction[ _-]?id|session[ _-]?id|idempotency[ _-]?key|nonce|etag|uuid|guid|token)"
    r"\s*(?:is|[:=#])?\s*[\"'(\[]?)(?=[^\s\"')\],;]*[^\W_a-z][^\s\"')\],;]*|[^\s\"')\],;]{12,})([^\s\"')\],;]{4,})"
)
"""Platforms put an opaque reference behind one of these words (`internal error; reference = ...`)."""
_EPHEMERAL: Final = 32_768
"""Ports from here on are given out by chance."""
_KEPT: Final = 0xE100
"""Added to the ASCII signs of what must survive the later rules: no message uses this private range."""


def _kept(text: str) -> str:
    return "".join(chr(_KEPT + ord(sign)) if ord(sign) < 0x80 else sign for sign in text)


def _port(number: str | None) -> str:
    """A port tells what was spoken to: 5432 and 6379 are two causes."""
    return "" if number is None else f":{number if int(number[:6]) < _EPHEMERAL else '<n>'}"


def _address(found: re.Match[str]) -> str:
    return _kept(f"<host>{_port(found[1])}")


def _host(name: str) -> str:
    """Which host it was tells causes apart; which of several alike, or of a tenant's own, does not."""
    labels = (label if not _opaque(label.replace("-", "")) else "<id>" for label in name.lower().split("."))
    return re.sub(r"\d+", "<n>", ".".join(labels))


def _named_host(found: re.Match[str]) -> str:
    return _kept(f"{_host(found[1])}{_port(found[2])}")


def _url(found: re.Match[str]) -> str:
    """Host and port stay, for two services are two causes; what was asked of them is mostly ids."""
    place = re.split(r"[/?#\\]", found[0].partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
    name, _, port = place.rpartition(":") if re.search(r":\d+$", place) else (place, "", None)
    name = "host" if re.fullmatch(r"[\d.]+|\[.*\]?", name) else _host(name)
    return _kept(f"<url {name}{_port(port)}>") if name else "<url>"


_PATTERNS: Final = (
    (
        re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"),
        "<time>",
    ),
    (re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? \d{1,2} [A-Z][a-z]{2,8} \d{4}\b"), "<time>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "<time>"),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?(?:GMT|UTC))?(?![\w:])"), "<time>"),
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>)\]]+", re.IGNORECASE), _url),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "<address>"),
    (
        re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b", re.IGNORECASE),
        "<id>",
    ),
    (re.compile(r"\[(?=[0-9a-fA-F]*:)[0-9a-fA-F:.]{2,45}\](?::(\d+))?"), _address),
    (
        re.compile(
            r"(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}:?[0-9a-f]{1,4}(?![\w:])|\b(?:[0-9a-f]{1,4}:){1,6}:[0-9a-f]{1,4}\b",
            re.I,
        ),
        "<host>",
    ),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(?::(\d+))?\b"), _address),
    (
        re.compile(
            r"\b((?:[\w-]+\.)+(?:com|net|org|io|dev|app|internal|local|cloud|test|example))(?::(\d+))?\b",
            re.I,
        ),
        _named_host,
    ),
    (
        re.compile(
            r"(?<![\w<.])(?:[A-Za-z]:)?[/\\](?:[\w.@%+~<>-]+[/\\])*[\w@%+~<>-]+\.[A-Za-z]\w{0,5}\b(?::\d+(?::\d+)?)?"
        ),
        "<path>",
    ),
    (re.compile(r"(?<![\w<.])/(?:tmp|var/folders|private/tmp|proc|home|Users)/[^\s\"',;:)\]]+"), "<path>"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "<id>"),
    (
        re.compile(
            r"(?<![\w/+])(?=[A-Za-z0-9+/]*\d)(?=[A-Za-z0-9+/]*[a-z])(?=[A-Za-z0-9+/]*[A-Z])[A-Za-z0-9+/]{20,}={0,2}(?![\w/+])"
        ),
        "<id>",
    ),
)
LONGEST: Final = 2_000
"""Characters of a line that are looked at: enough to tell two causes apart, bounded against megabytes."""
_TOKEN: Final = re.compile(r"(?<![\w<])(?=[\w.-]*[^\W\d_])[^\W_]+(?:[-_.][^\W_]+)*(?![\w>])", re.UNICODE)
_MEASURE: Final = re.compile(r"\d+(?:ms|s|m|h|d|b|kb|mb|gb|tb|kib|mib|gib|px|k|x|th|st|nd|rd)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?<![\w<])[-+]?\d+(?:[.,]\d+)*")
_GROUPED: Final = re.compile(r"<n>(?: <n>)+")
"""One number in groups of digits, as telephones and accounts are written."""


def plain_message(message: str) -> str:
    """The line of a message that says what failed, with what differs by chance as `<n>`, `<id>`, `<time>`."""
    return without_chance(main_line("", message)[1][:LONGEST])


def without_chance(text: str) -> str:
    """The text with ids, numbers, times, hosts, paths and addresses as `<id>`, `<n>`, `<time>`, ...

    What names a kind stays: HTTP statuses, vendors' error codes, words. White space is folded.
    """
    text = " ".join("".join(sign for sign in text if not _KEPT <= ord(sign) < _KEPT + 0x80).split())
    text = _PROTOCOL.sub(_keep, _MACHINE_CODE.sub(_keep, text))
    for pattern, word in _PATTERNS:
        text = pattern.sub(word, text)
    text = _BRACKETED.sub(lambda found: f"{found[1]}<id>", text)
    text = _NOUN_ID.sub(lambda found: f"{found[1]}<id>", text)
    text = _PREFIXED_ID.sub("<id>", text)
    text = _REFERENCE.sub(lambda found: f"{found[1]}<id>", text)
    text = _CODE.sub(_keep, text)
    text = _STATUS.sub(_keep_number, text)
    text = _TOKEN.sub(_token, text)
    text = _GROUPED.sub("<n>", _NUMBER.sub("<n>", text))
    return " ".join(_restored(text).split())


def _keep(found: re.Match[str]) -> str:
    return _kept(found[0])


def _keep_number(found: re.Match[str]) -> str:
    """Only the number is protected; the words around it are still looked at."""
    group = next(number for number in range(1, _STATUS.groups + 1) if found[number] is not None)
    start, end = found.start(group) - found.start(), found.end(group) - found.start()
    text = found[0]
    return text[:start] + _kept(text[start:end]) + text[end:]


def _restored(text: str) -> str:
    return "".join(chr(ord(sign) - _KEPT) if _KEPT <= ord(sign) < _KEPT + 0x80 else sign for sign in text)


def _token(found: re.Match[str]) -> str:
    """One word, or words joined by `-`, `_` or `.`: an opaque one is an id, a counted one keeps its word."""
    token = found[0]
    if _opaque(token.replace("-", "").replace("_", "")) and not _spoken(token):
        return "<id>"
    pieces = re.split(r"([-_.])", token)
    marks = ["<n>" if piece.isdecimal() else "<id>" if _opaque(piece) else piece for piece in pieces]
    if marks == pieces:
        return token
    return re.sub(r"(<id>|<n>)(?:[-_.](?:<id>|<n>))+", r"\1", "".join(marks)) if len(marks) > 1 else marks[0]


def _spoken(token: str) -> bool:
    """Joined words of which each is one: `order-8812-retry`, `D1_ERROR`, `charge_card`."""
    pieces = re.split(r"[-_.]", token)
    return len(pieces) > 1 and not any(_opaque(piece) for piece in pieces)


def _opaque(word: str) -> bool:
    """Whether letters and digits read as a generated id: words do not change between the two that often."""
    if len(word) < 6 or not any(sign.isalpha() for sign in word) or _MEASURE.fullmatch(word):
        return False
    kinds = ["d" if sign.isdecimal() else "u" if sign.isupper() else "l" for sign in word]
    turns = sum(1 for a, b in pairwise(kinds) if (a == "d") != (b == "d"))
    digits = kinds.count("d")
    if len(word) >= 12 and all(sign in "abcdefABCDEF" for sign in word):
        return True  # no word is so long of these letters alone
    hexadecimal = digits and all(sign in "0123456789abcdefABCDEF" for sign in word)
    if hexadecimal and len(word) >= 7:
        return True
    if len(word) >= 8 and ((digits >= 2 and turns >= 2) or turns >= 3):
        return True
    if digits >= 4 and len(word) >= 8 and turns:
        return True
    rises = sum(1 for a, b in pairwise(kinds) if a == "l" and b == "u")
    return len(word) >= 8 and rises >= 3 and (rises + turns) * 3 >= len(word)
