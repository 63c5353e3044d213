"""Where an instance is, as people write it: WORKFLOW, WORKFLOW/ID, ID, or a dashboard URL."""

import re
from urllib.parse import unquote, urlsplit

from msgspec import Struct

__all__ = ["Address", "AddressError", "parse_address", "parse_instance"]

_NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_-]{0,63}")
_CRON_ID = re.compile(r"[0-9*,/-]+(?: \S+){4}-[0-9]{13}")
"""`*/30 * * * *-1786001400000`: the expression may hold slashes, the number is the boundary in ms."""
_PATH = re.compile(r"/([^/]+)/workers/workflows/([^/]+)(?:/(?:instances?/([^/]+))?)?/?")


class AddressError(ValueError):
    """What was typed is not an address; `str()` is the sentence."""


class Address(Struct, frozen=True):
    """Parts that were named, raw; "" where one was not. `word` alone may be a workflow or an id."""

    account: str = ""
    workflow: str = ""
    instance: str = ""
    word: str = ""


def parse_address(text: str) -> Address:
    """Reads what `:` takes. A single word is left open: the caller knows which workflows there are."""
    text = text.strip()
    if not text:
        raise AddressError("write a workflow, WORKFLOW/ID, an instance id or a dashboard URL")
    if _is_url(text):
        return _parse_url(text)
    workflow, slash, instance = text.partition("/")
    if slash and _NAME.fullmatch(workflow) and instance and not _CRON_ID.fullmatch(text):
        return Address(workflow=workflow, instance=instance)
    if slash and not instance and _NAME.fullmatch(workflow):
        return Address(workflow=workflow)
    return Address(word=text)


def parse_instance(text: str) -> Address:
    """Reads what `-i` takes: an id, which may hold slashes, or a dashboard URL that names an instance."""
    if not _is_url(text):
        return Address(instance=text)
    address = _parse_url(text)
    if not address.instance:
        raise AddressError("this URL names no instance")
    return address


def _is_url(text: str) -> bool:
    return text.startswith(("https://", "http://"))


def _parse_url(text: str) -> Address:
    try:
        parts = urlsplit(text)
    except ValueError:
        raise AddressError("this is not a URL") from None
    found = _PATH.fullmatch(parts.path)
    if parts.scheme != "https" or parts.hostname != "dash.cloudflare.com" or not found:
        raise AddressError("this is not the URL of a workflow in the Cloudflare dashboard")
    account, workflow, instance = (unquote(part or "") for part in found.groups())
    return Address(account, workflow, instance)
