"""Codes that stand behind the words for error, code and status in other languages than English."""

import re
from typing import Final

from wfdash.core.text.unspaced import BREAK, has_letter

__all__ = ["EPHEMERAL", "ERROR_ENDINGS", "names_kind"]

_ERRORS: Final = frozenset(
    (
        *(
            "fehler",
            "fehlernummer",
            "erreur",
            "errore",
            "erro",
            "fout",
            "fel",
            "feil",
            "fejl",
            "virhe",
            "hiba",
        ),
        *("błąd", "błędu", "błędem", "chyba", "chyby", "chybou", "hata", "eroare", "eroarea", "galat", "lỗi"),
        *("kesalahan", "greška", "napaka", "viga", "klaida", "kļūda"),
        *("ошибка", "ошибки", "ошибку", "ошибкой", "помилка", "помилки", "помилку", "грешка", "σφάλμα"),
        *("خطأ", "خطا", "שגיאה", "त्रुटि"),
    )
)
_CODED_ERRORS: Final = frozenset(
    (
        *("fehlercode", "foutcode", "felkod", "feilkode", "fejlkode", "virhekoodi", "hibakód", "hatakodu"),
        *("fehlerkode", "returncode", "exitcode", "rückgabewert"),
    )
)
_CODES: Final = frozenset(
    (
        *(
            "code",
            "codes",
            "código",
            "codigo",
            "codice",
            "kod",
            "kodu",
            "kodem",
            "kód",
            "kode",
            "koodi",
            "cod",
        ),
        *("код", "кодом", "кода", "κωδικός", "κωδικό", "mã", "رمز", "كود", "کد", "קוד", "कोड"),
    )
)
_STATES: Final = frozenset(
    (
        *("estado", "statut", "stato", "stav", "tila", "durum", "durumu", "statuscode", "statuskode"),
        *("statuskod", "stan", "статус", "статусом", "κατάσταση", "الحالة", "حالة", "סטטוס", "स्थिति"),
    )
)
_ANSWERED: Final = frozenset(
    (
        *("antwortete", "antwortet", "lieferte", "répondu", "renvoyé", "respondió", "devolvió", "respondeu"),
        *("retornou", "risposto", "restituito", "вернул", "вернула", "вернуло", "ответил", "ответила"),
    )
)
_ANSWERS_OF: Final = frozenset(
    (
        *("retour", "retorno", "ritorno", "respuesta", "risposta", "resposta", "réponse", "sortie", "salida"),
        *("uscita", "saída", "ответа", "выхода", "возврата", "powrotu", "odpowiedzi", "wyjścia", "відповіді"),
    )
)
"""Behind the word for code: `code de retour 1`, `код ответа 502`."""
ERROR_ENDINGS: Final = ("エラー", "错误", "錯誤", "오류", "에러", "ข้อผิดพลาด", "កំហុស", "ຜິດພາດ")
_STATE_ENDINGS: Final = ("ステータス", "状态", "狀態", "상태", "สถานะ", "状態", "返り値", "終了")
_CODE_ENDINGS: Final = ("コード", "代码", "代碼", "碼", "码", "코드", "番号", "번호", "号")
_ANSWER_ENDINGS: Final = ("返回", "返回了", "收到", "响应", "回應", "応答", "응답")
_MARKS: Final = frozenset(
    ("n.", "nr.", "nr", "no.", "n°", "nº", "№", "num.", "număr", "mit", "con", "com", "με")
)
_SOURCES: Final = frozenset(("SQL", "MySQL", "Oracle", "SMTP", "FTP", "DB", "API"))
"""Between the word and its number: `ошибка SQL 1062`."""
_PORTS: Final = frozenset(("puerto", "porta", "порт", "порта", "порту", "poort"))
_PORT_ENDINGS: Final = ("ポート", "端口", "포트", "连接埠", "連接埠", "พอร์ต")
_GATEWAY_ENDINGS: Final = ("网关", "閘道", "ゲートウェイ", "게이트웨이", "上游", "プロキシ")
_ANSWERED_AFTER: Final = re.compile(rf"{BREAK}?(?:エラー)?[をが]返")
_ERROR_AFTER: Final = re.compile(rf"{BREAK}?(?:错误|錯誤|エラー|오류)")
_SERVER_ENDINGS: Final = ("サーバー", "サーバ", "服务器", "伺服器", "서버", "サービス", "服务")
"""`503を返しました`, `サーバー504エラー`: there the word stands behind the code; not an order's,
`注文404エラー`."""
EPHEMERAL: Final = 32_768
"""Ports from here on are given out by chance."""
_COUNTED: Final = re.compile(
    rf"[\s{BREAK}]*(?:[条條个個件次行回筆笔건개회]|(?:von|из|з|de|di|z|av|sur|su|van)\s+\d|%"
    r"|(?:zeilen?|datensätzen?|mal|строк|записей|раза?|lignes?|fois|filas|veces|righe|volte|linhas|vezes"
    r"|wierszy|razy|regels|rader)\b)",
    re.IGNORECASE,
)
"""Behind a number that counts what follows: `错误 17 条`, `Fehler 17 von 20`."""
_CLOSED: Final = re.compile(r"\s*(?:$|[:;,)\]：；，。）】])(?!\d)")
_OPENING: Final = "\"'„“«‹「『(（[【"
_JOINING: Final = ":=#([：（"


def names_kind(token: str, before: str, after: str) -> bool:
    """Whether a number, or capitals with digits, are a code by the words of another language before them."""
    word, rest, sign = _last_word(before)
    earlier, further, _ = _last_word(rest) if word else ("", "", "")
    if earlier in ("de", "di"):
        earlier = _last_word(further)[0]
    kind = _kind(word, earlier) if word else ""
    if not kind:
        return token.isdecimal() and _is_failure(token) and _word_follows(word, after)
    if _COUNTED.match(after):
        return False
    if kind == "code":
        return len(token) <= 6
    if not token.isdecimal() or (after[:1] in ".," and after[1:2].isdecimal()):
        return False
    if kind == "port":
        return int(token) < EPHEMERAL
    if kind == "gateway":
        return _is_failure(token)
    if kind == "status" or sign in (":", "："):
        return len(token) == 3 and token[0] in "12345"
    return 3 <= len(token) <= 6 or (len(token) <= 2 and _CLOSED.match(after) is not None)


def _word_follows(word: str, after: str) -> bool:
    if _ERROR_AFTER.match(after):
        return not word or word.rpartition(BREAK)[2].endswith(_SERVER_ENDINGS)
    return _ANSWERED_AFTER.match(after) is not None


def _is_failure(token: str) -> bool:
    return len(token) == 3 and token[0] in "45"


def _last_word(before: str) -> tuple[str, str, str]:
    """The last word in small letters, what stands before it, and the sign behind it."""
    text = before[-60:].rstrip(f" {BREAK}")
    sign = text[-1:] if text[-1:] in _JOINING else ""
    text = text[: -len(sign)].rstrip(f" {BREAK}") if sign else text
    rest, _, word = text.rpartition(" ")
    if word.lower() in _MARKS or (word in _SOURCES and rest):
        rest, _, word = rest.rstrip().rpartition(" ")
    return word.rpartition("-")[2].strip(_OPENING).lower(), rest, sign


def _kind(word: str, earlier: str) -> str:
    """What that word says of a number behind it: "code", "error", "status", or "" for nothing."""
    if has_letter(word):
        return _unspaced_kind(word.rpartition(BREAK)[2], earlier.rpartition(BREAK)[2])
    if word in _ERRORS:
        return "code" if earlier in _CODES else "error"
    if word in _CODED_ERRORS or (word in _ANSWERS_OF and earlier in _CODES):
        return "code"
    if word in _STATES or word in _ANSWERED:
        return "status"
    if word in _PORTS:
        return "port"
    if word in _CODES:
        # Alone it may be one of many that a person was given: a voucher's, a telephone's.
        if earlier in _ERRORS:
            return "code"
        return "status" if not earlier or earlier in _STATES or earlier in _ANSWERED else ""
    return ""


def _unspaced_kind(word: str, earlier: str) -> str:
    if word.endswith(ERROR_ENDINGS):
        return "error"
    if word.endswith(_PORT_ENDINGS):
        return "port"
    if word.endswith(_GATEWAY_ENDINGS):
        return "gateway"
    if word.endswith(_STATE_ENDINGS) or word.endswith(_ANSWER_ENDINGS):
        return "status"
    ending = next((ending for ending in _CODE_ENDINGS if word.endswith(ending)), "")
    if not ending:
        return ""
    whose = word[: -len(ending)].rstrip("の") or earlier
    if whose.endswith(ERROR_ENDINGS):
        return "code"
    return (
        "status"
        if whose.endswith(_STATE_ENDINGS + _ANSWER_ENDINGS) or (not whose and len(ending) > 1)
        else ""
    )
