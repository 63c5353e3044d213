"""What a message quotes that somebody wrote: a value that was refused, the name of a person, shop or file."""

import re
from typing import Final

__all__ = ["without_names", "without_values"]

_OTHER_QUOTED: Final = (
    r"„[^„“”]{1,80}[“”]|“[^“”]{1,80}”|«[^«»]{1,80}»|»[^«»]{1,80}«|‹[^‹›]{1,80}›|›[^‹›]{1,80}‹|‚[^‚‘’]{1,80}[‘’]"
    r"|「[^「」]{1,80}」|『[^『』]{1,80}』|《[^《》]{1,80}》|‘[^‘’]{1,80}’"
)
"""What stands in the quotes of other languages."""
_VALUE: Final = rf"(?:\"[^\"]{{0,400}}\"|'[^']{{0,400}}'|{_OTHER_QUOTED})"
_READ: Final = (
    (
        re.compile(
            r"(?i)(\b(?:duplicate entry|(?:for )?input string:|with base \d{1,2}:|convert string to \w{1,20}:"
            r"|input syntax for (?:type )?\w[\w ]{0,30}:|incorrect [\w ]{1,30} value:)\s*)"
            rf"{_VALUE}"
        ),
        r"\1<value>",
    ),
    (re.compile(rf"(?<=\bparsing ){_VALUE}(?=: )"), "<value>"),
    (
        re.compile(
            rf"(?i){_VALUE}(?:\.\.\.)?(?= is not (?:an? )?valid "
            r"(?:JSON|UUID|integer|number|float|boolean|date|datetime|timestamp|URL|ObjectId)\b)"
        ),
        "<value>",
    ),
    (re.compile(r"(?i)(\bunexpected token )(['\"]?)[^\W_]\2(?!\w)"), r"\1<value>"),
    (
        re.compile(r"(\bKey \([^()]{1,200}\))=\(.{0,400}?\)(?= (?:already|is|conflicts)\b|[.,;]|$)"),
        r"\1=(<value>)",
    ),
    (re.compile(r"(\bFailing row contains )\(.{0,2000}?\)(?=[.;]|$)"), r"\1(<value>)"),
    (re.compile(r"(\bdup key: )\{[^{}]{0,400}\}"), r"\1{<value>}"),
)
"""What a parser or a database was given and refused, as the common ones quote it: it is what somebody wrote.
What kind it should have been stays, and so does the column."""
_NAME: Final = rf"(?:\"[^\"]{{1,80}}\"|'(?:[^']|'(?=\w))[^\"]{{0,78}}?'(?![a-z])|{_OTHER_QUOTED})"
_NAMED: Final = re.compile(
    r"(?i)(\b(?:shop|store|user|account|member|customer|client|company|merchant|tenant|organi[sz]ation|team"
    r"|buyer|seller|supplier|vendor|patient|guest|player|employee|author|recipient|artist|hotel|restaurant"
    r"|product|article|sku|kund(?:e|in|en)|firma|laden|artikel|(?:be)?nutzer|händler|lieferant|produkt|mandant"
    r"|cliente|tienda|magasin|boutique|utilisateur|fournisseur|produit|société|entreprise|usu[aá]rio|utente"
    r"|loja|negozio|product?o|prodotto|empresa|azienda|proveedor|fornecedor|fornitore|klant|gebruiker|winkel"
    r"|kund|användare|klient|użytkownik|sklep|zákazník|uživatel|müşteri|kullanıcı"
    r"|клиент[ауе]?|пользовател[ьяюе]|покупател[ьяюе]|магазин[ауе]?|товар[ауе]?|фирм[аыуе]|компани[яиюе]"
    r"|поставщик[ауе]?|клієнт[ау]?|користувач[ау]?)\s+(?:named?\s+)?"
    r"|(?:用户|用戶|客户|客戶|顾客|顧客|商店|店铺|店舗|商品|产品|会员|会員|商家|公司|会社|供应商|员工|取引先|社員"
    r"|お客様|ユーザー?|アカウント|고객|사용자|회원|상점|상품|제품|회사|거래처|직원|ลูกค้า|ผู้ใช้|สินค้า|ร้าน)名?\s*)"
    rf"{_NAME}"
)
"""Behind the noun for one of many a name in quotes is whose; behind `field` or `plan` it is what."""
_STORED: Final = re.compile(
    r"(?i)(\b(?:files?|objects?|keys?|blobs?|documents?|attachments?|images?|uploads?)\s*[:=]?\s*['\"`])"
    r"\w[\w.@%+~() -]{0,80}(?:/[\w.@%+~() -]{1,80}){1,12}(?=['\"`])"
)
"""The name of what was stored is as good as a path, and is mostly ids."""


def without_values(text: str) -> str:
    """The text with `<value>` for values that it quotes as refused, `<path>` for names of stored files."""
    for pattern, value in _READ:
        text = pattern.sub(value, text)
    return _STORED.sub(r"\1<path>", text)


def without_names(text: str) -> str:
    """The text with `<name>` in place of the names of persons, shops or files that it quotes."""
    return _NAMED.sub(r"\1<name>", text)
