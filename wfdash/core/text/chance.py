"""Takes out of a message what differs by chance between failures of one kind: ids, numbers, times, hosts."""

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

from wfdash.core.text.code_words import EPHEMERAL
from wfdash.core.text.error_codes import (
    NO_THING,
    keep_codes,
    keep_names,
    keepable,
    kept,
    restored,
    stands_as_code,
)
from wfdash.core.text.error_message import main_line
from wfdash.core.text.quoted import without_names, without_values
from wfdash.core.text.unspaced import BREAK, LETTERS, has_letter, with_breaks

__all__ = ["plain_message", "without_chance"]

_NOUN_ID: Final = re.compile(
    r"((?i:\b(?:order|sku|item|invoice|customer|ticket|booking|parcel|shipment|account|user|product|part|row"
    r"|record|ref))\s+#?|[№#]|(?:^|\s)(?!エラー|コード|ошибка|код|错误|代码)[^\W\da-zA-Z_]+\s+)"
    r"([^\W\d_a-z]{1,4}-?\d[\w-]*)(?![\w-])"
)
"""Letters with digits behind the noun that they number: `sku A-1`, `заказ АБ-1234`, `注文 A1029`."""
_GLUED_ID: Final = re.compile(
    r"((?:(?:注文|商品|製品|顧客|会員|伝票|請求|予約|在庫|订单|訂單|用户|用戶|客户|客戶|产品|库存|发票|会员"
    r"|주문|상품|고객|회원|송장|예약|ลูกค้า|คำสั่งซื้อ|สินค้า)(?:号码?|รหัส|ID)?"
    rf"|[{LETTERS}](?<!エラー)(?<!ータス)(?<!応答)(?<!終了)(?<!错误)(?<!錯誤)(?<!状态)(?<!狀態)(?<!返回)(?<!响应)"
    r"(?<!오류)(?<!에러)(?<!상태)(?<!응답)(?<!종료)"
    rf"(?:番号|コード|编号|編號|代码|代碼|번호|코드)){BREAK})([A-Z]{{1,4}}-?\d[0-9A-Z-]*)(?![\w-])"
)
"""The same where no blank stands between: `商品コードAB12が不正です`. Not behind the code of an error, a
status or an answer."""
_PREFIXED_ID: Final = re.compile(
    r"\b[a-z]{2,8}_(?=[A-Za-z0-9]*\d[A-Za-z])(?=[A-Za-z0-9]*[A-Za-z]\d)[A-Za-z0-9]{6,}\b"
)
"""`ord_9Xk2LmQ`: short for an id, and told as one by what stands before it."""
_SHORT_PREFIXED_ID: Final = re.compile(
    r"\b[a-z]{2,8}_(?:(?:live|test|prod|sandbox)_(?=[a-z]*[A-Z\d])|(?=[A-Za-z]*\d)(?=[a-z\d]*[A-Z]))[A-Za-z\d]{4,}\b"
)
"""`pi_3PxQ`, `whk_live_8f3Q`: no word has a digit and a capital behind such a prefix."""
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
_OWN_REFERENCE: Final = re.compile(
    r"\b((?!(?:error|status|model|type|code|version|plan|tier|reason)(?:Id|ID|_id))[a-z][A-Za-z]{1,20}"
    r"(?:Reference|Ref|Id|ID|_ref|_id)\s*(?:is|[:=])?\s*[\"'(\[]?)(?=[\w.-]*\d)[\w.-]{4,}"
)
"""`pspReference 8825408195409505`: a reference by what its provider calls it."""


def _port(number: str | None) -> str:
    """`:5432`, for a port tells what was spoken to; `:<n>` for one that a client was given by chance."""
    return "" if number is None else f":{number if int(number[:6]) < EPHEMERAL else '<n>'}"


def _address(found: re.Match[str]) -> str:
    return kept(f"<host>{_port(found[1])}")


def _host(name: str) -> str:
    """The host with numbers and ids taken out: which of several alike, or of a tenant's own, is chance."""
    labels = (label if not _opaque(label.replace("-", "")) else "<id>" for label in name.lower().split("."))
    return re.sub(r"\d+", "<n>", ".".join(labels))


def _named_host(found: re.Match[str]) -> str:
    return kept(f"{_host(found[1])}{_port(found[2])}")


def _url(found: re.Match[str]) -> str:
    """`<url HOST:PORT>`, for two services are two causes; paths and queries are mostly ids."""
    netloc = re.split(r"[/?#\\]", found[0].partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
    name, _, port = netloc.rpartition(":") if re.search(r":\d+$", netloc) else (netloc, "", None)
    name = "host" if re.fullmatch(r"[\d.]+|\[.*\]?", name) else _host(name)
    return kept(f"<url {name}{_port(port)}>") if name else "<url>"


_MONTH: Final = "(?=[A-Z])(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_PATTERNS: Final = (
    (
        re.compile(r"\d{4}-\d\d-\d\d[T_]\d\d-\d\d(?:-\d\d)?Z?(?:-[0-9a-f]{4,12}\b)?"),
        "<time>",  # as names of files have it, where no colon may stand
    ),
    (
        re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"),
        "<time>",
    ),
    (re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? \d{1,2} [A-Z][a-z]{2,8} \d{4}\b"), "<time>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "<time>"),
    (re.compile(rf"(?<![\w-])\d{{1,2}}[ -]?{_MONTH}(?:[ -]?(?:\d\d){{1,2}})?(?![\w-])"), "<time>"),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?(?:GMT|UTC))?(?![\w:])"), "<time>"),
    (re.compile(rf"\b[a-z][a-z0-9+.-]*://[^\s\"'<>)\]{BREAK}，。；：、）】」』»”“]+", re.IGNORECASE), _url),
    (re.compile(r"\b\d{4}-(?:W\d\d(?:-\d)?|Q[1-4])\b"), "<time>"),
    (re.compile(r"\b\d{1,2}(?:/\d{1,2}/(?:\d\d){1,2}|\.\d{1,2}\.(?:19|20)\d\d|h\d\d)(?![\w.])"), "<time>"),
    (re.compile(r"(?<=[\w/])\?[\w.%-]+=[^\s\"'()<>]*"), ""),
    (
        re.compile(
            r"(?:(\b(?:to|from|for|by|of|an|von|de|para|per)\s+)"
            r"(?:\"[^\"]{1,80}\"|[A-ZÀ-ÞΑ-ΩА-Я][\w.'-]+(?: [A-ZÀ-ÞΑ-ΩА-Я][\w.'-]+){0,2})\s+)?"
            r"<[^\s<>@]{1,200}@[^\s<>]{1,200}>"
        ),
        lambda found: f"{found[1] or ''}<address>",
    ),
    (
        re.compile(
            r"[\w.+%-]+@(?!(?:latest|next|beta|alpha|canary|stable|rc)\b)(?:[\w-]+(?:\.[\w-]+)+|[^\W\d_][\w-]*)"
        ),
        "<address>",
    ),
    (
        re.compile(r"(\barn:aws[\w-]*:(?:iam|sts)::\d*:(?:user|assumed-role/[\w+=,.@-]+)/)[\w+=,.@/-]+"),
        r"\1<id>",
    ),
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
    (re.compile(r"(?<![\w.])\d+(?:\.\d+){4,}(?![\w.]\w)"), "<n>"),  # more parts than an address has
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(?::(\d+))?\b"), _address),
    (
        re.compile(
            r"\b((?:[\w-]+\.)+(?:com|net|org|io|dev|app|internal|local|cloud|test|example)|localhost(?=:\d))(?::(\d+))?\b",
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
    (re.compile(r"\b[0-9a-f]{2,16}(?:\.\.\.|…)[0-9a-f]{2,16}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"(?<=[a-z0-9])-(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{6,10}-[a-z0-9]{5}(?![a-zA-Z0-9])"), "-<id>"),
    (re.compile(r"\b\d{1,4}-[A-Z]-\d{1,4}\b"), "<id>"),
    (re.compile(r"(?<![\w.])-?\d{1,3}\.\d+, ?-?\d{1,3}\.\d+(?![\w.])"), "<place>"),
    (re.compile(r"(?i)\b(?:cn|uid|ou|dc|o)=[^,\s\"']+(?:,\s?(?:cn|uid|ou|dc|o|c)=[^,\s\"']+)+"), "<name>"),
    (re.compile(r"(?<=\d) \(\"[^\"]{1,120}\"\)"), " (<name>)"),
    (re.compile(r"\b(?:[0-9A-F]{2,8}:){3,7}[0-9A-F]{2,8}\b"), "<id>"),
    (re.compile(r"\b[A-Z]{2}\d\d(?: [0-9A-Z]{4}){2,7}(?: [0-9A-Z]{1,3})?\b"), "<id>"),
    (re.compile(r"(?<=\d)/(?=\d+(?:\.\d+)?[kmgt]i?b\b)", re.IGNORECASE), " "),
    (
        re.compile(
            r"(?<![\w/+])(?=[A-Za-z0-9+/]*\d)(?=[A-Za-z0-9+/]*[a-z])(?=[A-Za-z0-9+/]*[A-Z])[A-Za-z0-9+/]{20,}={0,2}(?![\w/+])"
        ),
        "<id>",
    ),
)
_AMOUNT: Final = r"(?<![\w<.,:/-])(?:[-+](?=\d))?\d{1,20}(?:[.,]\d{1,20}){0,6}\s?"
_TIME_UNIT: Final = (
    r"(?:ns|µs|μs|us|ms|[smhdw]|(?i:msecs?|millis|milliseconds?|microseconds?|nanoseconds?|secs?|seconds?"
    r"|mins?|minutes?|hrs?|hours?|days?|weeks?|months?|years?))"
)
_SIZE_UNIT: Final = r"(?:(?<= )B|(?i:bytes?|[kmgtp]i?b|kilobytes?|megabytes?|gigabytes?|terabytes?))"
_QUANTITIES: Final = (
    (re.compile(rf"{_AMOUNT}{_SIZE_UNIT}(?:/s(?:ec)?| per second)(?![\w-])"), "<rate>"),
    (re.compile(rf"{_AMOUNT}{_SIZE_UNIT}(?![\w-])"), "<size>"),
    (
        re.compile(rf"{_AMOUNT}{_TIME_UNIT}(?:(?:,? (?:and )?|)\d+(?:[.,]\d+)*\s?{_TIME_UNIT})*(?![\w-])"),
        "<duration>",
    ),
    (re.compile(r"\bP(?=\d|T\d)(?:\d+[YMWD])*(?:T(?:\d+(?:\.\d+)?[HMS])+)?(?![\w-])"), "<duration>"),
    (re.compile(r"(?<![\w<.])\d{1,9}(?:[x×]\d{1,9}){1,2}(?![\w.])"), "<n>"),
)
"""How much there was is chance, in whatever unit a program happened to print it: 3 GB, 812 MB; 12 s, 3 m."""
_TELEPHONE: Final = re.compile(
    r"(?<![\w<])(?:\+\d[\d ().-]{6,24}\d|\(\d{1,5}\)[ -]?\d[\d -]{4,20}\d)(?![\w-])"
)
_LONG: Final = 16
"""Digits of a number that is no count any more: parcels have letters or none in theirs."""
_COUNTER: Final = re.compile(r"(?<=[ :=#])\d{1,2}$")
LONGEST: Final = 2_000
"""Characters of a line that are looked at: enough to tell two causes apart, bounded against megabytes."""
_TOKEN: Final = re.compile(r"(?<![\w<])(?=[\w.-]*[^\W\d_])[^\W_]+(?:[-_.][^\W_]+)*(?![\w>])", re.UNICODE)
_CAPITALS: Final = re.compile(r"[A-Z0-9]{2,12}(?:-[A-Z0-9]{2,12}){0,3}")
_SHORT_HEX: Final = re.compile(r"(?=.{4})[0-9a-f]{2,6}(?:-[0-9a-f]{2,6}){0,4}")
_CODED: Final = re.compile(rf"(?i){NO_THING}\b(?:error|code|status|model)\s*[:=#]?\s*['\"]?$")
_MEASURE: Final = re.compile(r"\d+(?:ms|s|m|h|d|b|kb|mb|gb|tb|kib|mib|gib|px|k|x|th|st|nd|rd)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?<![\w<])[-+]?\d+(?:[.,]\d+)*")
_GROUPED: Final = re.compile(r"<n>(?: <n>)+|<n>(?:[-/]<n>)+")
"""One number in groups of digits, as telephones, accounts and books are written."""


def plain_message(message: str) -> str:
    """The line of a message that says what failed, with what differs by chance as `<n>`, `<id>`, `<time>`."""
    return without_chance(main_line("", message)[1][:LONGEST])


@lru_cache(256)  # what fails alike says the same, and its group, the filter and the record each ask for it
def without_chance(text: str, *, is_name: bool = False) -> str:
    """The text with ids, numbers, times, hosts, paths and addresses as `<id>`, `<n>`, `<time>`, ...

    What names a kind stays: HTTP statuses, error codes, words. White space is folded. In the name of a step a
    number at the end counts, whatever is before it, and `wait 30 seconds` is not `wait 1 hour`.
    """
    text = _COUNTER.sub("<n>", text) if is_name else text
    text = keep_names(with_breaks(" ".join(keepable(text).split()), is_name=is_name))
    text = without_values(text)
    for pattern, word in _PATTERNS:
        text = pattern.sub(word, text)
    text = _BRACKETED.sub(lambda found: f"{found[1]}<id>", text)
    text = _NOUN_ID.sub(lambda found: f"{found[1]}<id>", text)
    text = _GLUED_ID.sub(lambda found: f"{found[1]}<id>", text) if BREAK in text else text
    text = _SHORT_PREFIXED_ID.sub("<id>", _PREFIXED_ID.sub("<id>", text))
    text = _REFERENCE.sub(lambda found: f"{found[1]}<id>", text)
    text = _OWN_REFERENCE.sub(lambda found: f"{found[1]}<id>", text)
    text = keep_codes(_TELEPHONE.sub("<n>", without_names(text)))
    for quantity, word in () if is_name else _QUANTITIES:
        text = quantity.sub(word, text)
    text = _TOKEN.sub(_token, text)
    text = _GROUPED.sub("<n>", _NUMBER.sub(_number, text))
    return " ".join(restored(text).split())


def _number(found: re.Match[str]) -> str:
    return "<id>" if sum(map(str.isdecimal, found[0])) >= _LONG and found[0].isdecimal() else "<n>"


def _token(found: re.Match[str]) -> str:
    """One word, or words joined by `-`, `_` or `.`: an opaque one is an id, a counted one keeps its word."""
    token = found[0]
    if short := _short_id(found):
        return short
    if _opaque(token.replace("-", "").replace("_", "")) and not _spoken(token):
        return "<id>"
    pieces = re.split(r"([-_.])", token)
    marks = ["<n>" if piece.isdecimal() else "<id>" if _opaque(piece) else piece for piece in pieces]
    if marks == pieces:
        return token
    text = re.sub(r"(<id>|<n>)(?:[-_.](?:<id>|<n>))+", r"\1", "".join(marks)) if len(marks) > 1 else marks[0]
    # A letter that closes a number belongs to it: `4711-B`.
    return re.sub(r"(?<=<n>)-[A-Z]$", "", text)


def _short_id(found: re.Match[str]) -> str:
    """The mark for letters and digits too few to be opaque; "" for a code, a word, or what other rules take.

    AB12CD anywhere, LH441, 12A and 7f3a behind a noun.
    """
    token, before, after = found[0], found.string[: found.start()], found.string[found.end() :]
    pieces, word = token.split("-"), token.replace("-", "")
    digits = sum(map(str.isdecimal, word))
    if not digits or digits == len(word):
        return ""
    turns = sum(a.isdecimal() != b.isdecimal() for a, b in pairwise(word))
    if _SHORT_HEX.fullmatch(token):
        # `9911aa` changes once only, but no word begins with digits.
        many = turns >= 2 or (token.isalnum() and len(token) == 6 and token[0].isdecimal() and digits <= 4)
        return "<id>" if many and not stands_as_code(token, before, after) else ""
    if not _CAPITALS.fullmatch(token):
        return ""
    mixed = not any(piece.isalpha() or piece.isdecimal() for piece in pieces)
    if mixed and turns >= 2 and len(word) >= 5 and not _CODED.search(before[-60:]):
        return "<id>"
    if len(pieces) > 1 or turns != 1 or stands_as_code(token, before, after):
        return ""
    if token[0].isdecimal():
        return "<n>" if token[:-1].isdecimal() and len(token) <= 5 else ""
    return "<id>" if digits >= 3 and len(token) <= 9 else ""


def _spoken(token: str) -> bool:
    """Joined words of which each is one: `order-8812-retry`, `D1_ERROR`, `charge_card`."""
    pieces = re.split(r"[-_.]", token)
    return len(pieces) > 1 and not any(_opaque(piece) for piece in pieces)


def _opaque(word: str) -> bool:
    """Whether letters and digits read as a generated id: words do not change between the two that often."""
    if len(word) < 6 or not any(sign.isalpha() for sign in word) or _MEASURE.fullmatch(word):
        return False
    if has_letter(word):
        return False  # without blanks it may be a whole sentence
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
