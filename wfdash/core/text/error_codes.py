"""What names a kind of failure although it looks like an id: codes, versions, models, protocols."""

import re
from typing import Final

from wfdash.core.text.code_words import ERROR_ENDINGS, names_kind
from wfdash.core.text.unspaced import BREAK, LETTERS

__all__ = ["NO_THING", "keep_codes", "keep_names", "keepable", "kept", "restored", "stands_as_code"]

_BASE: Final = 0xE100
"""Added to the ASCII signs of what must survive the later rules: no message uses this private range."""
_COUNTED: Final = (
    r"(?!\s*(?:%|of\b|in\b|(?:more |other |new )?(?:items?|rows?|records?|lines?|orders?|times?|bytes?"
    r"|files?|errors?|attempts?|retries|requests?|calls?|messages?|entries|tests?)\b))"
)
"""Not behind a number that counts what follows: `error 17 of 20`, `got 404 rows`."""
NO_THING: Final = "".join(
    rf"(?<!\b(?i:{noun}) )"
    for noun in (
        *("promo", "promotion", "coupon", "voucher", "discount", "gift", "referral", "invite", "invitation"),
        *(
            "verification",
            "zip",
            "post",
            "postal",
            "area",
            "product",
            "item",
            "access",
            "tracking",
            "booking",
        ),
        *("booking", "confirmation", "reservation", "batch", "lot"),
    )
)
"""Not behind these: such a code is one of many that a person was given."""
_NO_COUNT: Final = "".join(
    rf"(?<!\b(?i:{noun}))"
    for noun in (
        *(
            "order",
            "orders",
            "id",
            "ids",
            "user",
            "customer",
            "row",
            "rows",
            "line",
            "item",
            "items",
            "count",
        ),
        *("count", "total", "size", "length", "number", "invoice", "product", "page", "record", "limit"),
    )
)
"""Not behind these: such a number says which, or how many."""
_STATUS: Final = re.compile(
    r"(?i:\b(?:status(?: ?code)?|https?(?:/[\d.]+)?|code|error|errno|exit(?:ed)?(?: code| status)?(?: with)?"
    r"|sqlstate|signal|returned|responded|responds|gave|got|answered|received|replied|with|says?|said|failed|is|was)"
    r"\s*[:=(\[]?\s*['\"]?)([1-5]\d\d)\b(?!\s*(?:ms|s|m|h|%|items?|rows?|bytes?|kb|mb)\b)(?![.,:]\d)"
    r"|^\s*([1-5]\d\d)\b(?=\s*[-:]|\s+[A-Z])"
    r"|\b([45]\d\d)(?=\s*:?\s+[A-Z][a-z]+)"
    r"|(?i:\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|fetch)\b.{1,200}?\s)([45]\d\d)(?=$|[\s:;,)])"
    rf"|{NO_THING}(?:\b|_)(?i:(?:(?:r|sub|err|error|exit|status|return|result|response|decline|fault"
    r"|reject|issuer|processor|native|gateway|provider|avs|cvc)?code|reason|errno|sqlstate"
    r"|exit code|exit status|signal)['\"]?\s*[:=(\[#]?\s*['\"]?)"
    r"((?<=[\s:=(\[])-\d{1,6}\b|[0-9A-Z]{1,6}\b)"
    r"|\b(?i:error\s*[:=(\[#]?\s*)(1\d{3})\b"
    rf"|(?:\b|_)(?i:error|status|exception)\s+\(?#?(\d{{3,6}}|\d{{1,2}}(?!\d|\s+[a-z]+s\b))\b{_COUNTED}(?![.,:]\d)"
    r"|\b(?i:ports?)\s*[:=#]?\s*(\d{1,4}|[12]\d{4}|3[01]\d{3})\b"
    rf"|\b(?i:closed|exited|died|quit|disconnected) with (\d{{1,4}})\b{_COUNTED}"
    rf"|\b(?i:exit) ?[:=]? ?(\d{{1,3}})\b{_COUNTED}"
    rf"|\b(?i:err) ?[:=] ?(-?\d{{1,5}})\b{_COUNTED}(?![.,:]\d)"
    rf"|\b(?i:gateway|upstream|proxy|backend|origin|response) ([45]\d\d)\b{_COUNTED}"
    r"|^\s*\[([1-5]\d\d)\](?=\s)"
    r"|\b(?i:(?:grpc|rpc|exit)[-_ ]?status\s*[:=]?\s*)(\d{1,3})\b"
    rf"|{_NO_COUNT}: ([45]\d\d)\s*$"
    rf"|^[A-Z]\w+{_NO_COUNT} ([45]\d\d)$"
    r"|\b(?i:websocket\b\W{1,3}closed?(?: code)?) (\d{4})\b"
    r"|\b(?i:(?:ssl|tls)\D{0,12}alert(?: number)?) (\d{1,3})\b"
    r"|^\s*(\d{4,5})(?=: [A-Z])|(?:^|: )\((\d{1,5})\)"
    r"|^\s*\(?([1-5]\d\d)\)?[.!]?\s*$"
    r"|\(([45]\d\d)\)",
)
"""Numbers that name a kind of failure: an HTTP status or another error code. 502 and 504 are two causes, and
so are Cloudflare's own errors 1015 and 1020. A port below the ephemeral ones tells what was spoken to."""
_CODE: Final = re.compile(
    r"\b[245]\d\d[ -][245]\.\d{1,3}\.\d{1,3}\b"  # a mail server's, with what it means more closely
    r"|\b(?:us|eu|ap|sa|ca|me|af|il|mx|cn|europe|asia|northamerica|southamerica|australia)-(?:gov-)?"
    r"(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-?\d{1,2}[a-f]?\b"  # a region
    r"|\b(?:ORA|TS|AADSTS|PGRST|SQLCODE|E|EC|ERR|CF|TNS|DB|HY|AWS|GRPC)[-_]?\d{3,6}\b(?!-)"
    r"|\bP\d{4}\b|\b(?:\d\dP\d\d|0A000|2BP01|XX00\d|HY[0-9A-Z]{3})\b"
)
"""Error codes that vendors spell with letters (ORA-00942, E11000, P2002, 42P01): kinds, not ids."""
_MACHINE_CODE: Final = re.compile(
    r"\b(?i:(?:error|hresult|ntstatus|status|code|exception|result)\s*[:=(\[#]?\s*0x[0-9a-f]{2,8})\b"
    r"|\b0x[89cC][0-9a-fA-F]{7}\b"
)
"""Operating systems' codes (0x80070005); other hexadecimal numbers are addresses, which differ by chance."""
_PROTOCOL: Final = re.compile(r"\b(?:TLS|SSL|SSH|SMTP|MQTT|OAuth|OpenSSL)(?:[ /-]?v?|v)\d+(?:\.\d+)*\b")
"""A protocol with its version: TLS 1.2 is refused where TLS 1.3 is not."""
_DATED: Final = r"\d{4}-\d\d(?:-\d\d)?"
_VERSION: Final = re.compile(
    rf"(?i)\b(?:(\w+)\s+)?versions?\s*[:=]?\s*['\"]?v?({_DATED}|\d[\w.]*)\b"
    rf"|\b(API|SDK)\s+v?({_DATED})\b"
    rf"|\b([a-z]\w+)\s+({_DATED}|\d{{1,3}}(?:\.\d+)*)(?=\s+(?:is|are|was|has been)\s+"
    r"(?:not supported|no longer supported|unsupported|deprecated|retired|obsolete|too old)\b)"
)
"""A version is a kind where something may be too old or too new for it."""
_BY_WORDS: Final = re.compile(r"(?<![\w.,<-])(?=[A-Z]{0,5}\d)[0-9A-Z]{1,6}(?![\w>])")
"""What may be a code by the words of another language before it."""
_GLUED: Final = re.compile(rf"[{LETTERS}]{{2,}}{BREAK}$")
_COUNTED_VERSIONS: Final = frozenset(
    ("row", "record", "document", "entity", "object", "item", "order", "expected", "current", "stale")
)
"""Before `version`: the counter of changes that a row has for optimistic locking, different each time."""
_MODEL: Final = re.compile(
    r"(?i)(?<![\w-])(?:@cf/)?(?:[\w-]+/)?(?:gpt|claude|gemini|gemma|llama|mistral|mixtral|qwen|deepseek|phi"
    r"|text-embedding|whisper|dall-e|flux|titan|grok|bge|codestral|sonnet|opus|haiku|stable-diffusion|imagen)"
    r"[-:@ ]?v?\d[\w.-]*(?:[:@]\d[\w.-]*)?"
    r"|(?<![\w-])(?:gpt|claude|gemini|gemma|llama|text-embedding|whisper|titan|bge|sonnet|opus|haiku)(?:-[\w.]+)+"
    r"|\b(?:ai )?models?\s+['\"`]?(?=[\w./@:]*[a-z][\w./@:]*-|@)(?![\w./@:-]*\d{4})[\w./@:-]{2,60}"
)
"""Names of AI models: gpt-4 is missing where gpt-5 is not."""
_TRADE: Final = re.compile(
    r"(?:SHA|RS|HS|ES|PS|AES|RSA|ISO|X|UTF|CP|RFC|IEEE|ED|BASE|WIN|LATIN|H|A|T|L|M|P|K)-?\d{2,5}[SKL]?"
    r"|\d[DGK]|CVE-\d{4}-\d+"
)
"""Words of the trade that have a number in them: SHA256, X509, H264."""
_AS_CODE: Final = (
    r"(?i)(?:errors?|err|codes?|status|errno|sqlstate|exception|with|at|by|as|is|was|returned|got|gave|threw"
    r"|raised|reason|fault|failure|version|model|port|signal|type|protocol|standard|format|algorithm|cipher"
    r"|encoding|charset|and|or|no|not|unsupported|fehler|erreur|código|codice|errore|erro|fout|ошибка|код)"
)
"""Words before a code that is told, not before what a noun numbers."""


def keep_names(text: str) -> str:
    """Protects protocols, versions, models and machines' codes, whose digits later rules would take out."""
    text = _PROTOCOL.sub(_keep, _MACHINE_CODE.sub(_keep, text))
    return _MODEL.sub(_keep, _VERSION.sub(_keep_version, text))


def keep_codes(text: str) -> str:
    """Protects the codes that stand where an error tells its kind."""
    return _BY_WORDS.sub(_keep_worded, _STATUS.sub(_keep_number, _CODE.sub(_keep, text)))


def stands_as_code(token: str, before: str, after: str) -> bool:
    """Whether capitals with digits are a code by where they stand: not right behind the noun they number."""
    if _TRADE.fullmatch(token) or after[:1] == ":":
        return True
    if glued := _GLUED.search(before[-40:]):
        return glued[0].rstrip(BREAK).endswith(ERROR_ENDINGS) or names_kind(token, before, after)
    word = re.search(r"([^\W\d_]{2,})\s+#?['\"“]?$", before[-40:])
    return word is None or re.fullmatch(_AS_CODE, word[1]) is not None


def kept(text: str) -> str:
    """The text in signs that no later rule touches."""
    return "".join(chr(_BASE + ord(sign)) if ord(sign) < 0x80 else sign for sign in text)


def keepable(text: str) -> str:
    """The text without the signs that stand for what is kept."""
    return (
        text if text.isascii() else "".join(sign for sign in text if not _BASE <= ord(sign) <= _BASE + 0x80)
    )


def restored(text: str) -> str:
    """The text with what was kept as it was."""
    text = text.replace(BREAK, "")
    return "".join(chr(ord(sign) - _BASE) if _BASE <= ord(sign) < _BASE + 0x80 else sign for sign in text)


def _keep(found: re.Match[str]) -> str:
    return kept(found[0])


def _keep_version(found: re.Match[str]) -> str:
    if found[2] and (found[1] or "").lower() in _COUNTED_VERSIONS:
        return found[0]
    return _keep_group(found, next(group for group in (2, 4, 6) if found[group] is not None))


def _keep_worded(found: re.Match[str]) -> str:
    token, text = found[0], found.string
    is_code = names_kind(token, text[max(0, found.start() - 60) : found.start()], text[found.end() :][:40])
    return kept(token) if is_code else token


def _keep_number(found: re.Match[str]) -> str:
    group = next(number for number in range(1, _STATUS.groups + 1) if found[number] is not None)
    return _keep_group(found, group)


def _keep_group(found: re.Match[str], group: int) -> str:
    """The match with one group of it protected; later rules still look at the words around it."""
    start, end = found.start(group) - found.start(), found.end(group) - found.start()
    text = found[0]
    return text[:start] + kept(text[start:end]) + text[end:]
