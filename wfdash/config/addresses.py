"""Which addresses a token may be sent to: https elsewhere, plain http on this machine alone."""

import ipaddress
import re
from urllib.parse import urlsplit

from wfdash.config import network
from wfdash.config.credential import origin_of
from wfdash.config.settings import SettingsError

__all__ = ["base_url", "local_url"]


def local_url(text: str, source: str) -> str:
    """The origin of a dev session from "", a port or an http:// URL."""
    if re.fullmatch(r"\d{1,5}", text or "8787") and 1 <= int(text or "8787") <= 65535:
        return f"http://127.0.0.1:{text or '8787'}"
    try:
        parts = urlsplit(text)
        if (
            parts.scheme == "http"
            and _is_loopback(parts.hostname)
            and parts.path.strip("/") == parts.query == ""
        ):
            return origin_of(text)
    except ValueError:
        pass
    raise SettingsError(
        f'{source}: "{_bare(text)}" is neither a port nor an http:// address on this machine (such as '
        "http://127.0.0.1:8787)."
    )


def base_url(text: str, source: str) -> str:
    """A base URL without its trailing slash; raises SettingsError for one that no token may be sent to."""
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if (
        not host
        or parts.scheme not in ("http", "https")
        or parts.query
        or parts.fragment
        or not text.strip().isprintable()
        or not network.is_host(host)
    ):
        raise SettingsError(f'{source}: "{_bare(text)}" is not an https:// address.')
    if parts.username or parts.password:
        raise SettingsError(f"{source}: leave user and password out of a base URL.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise SettingsError(
            f"{source}: plain http:// is for this machine alone; {host} would get the token unencrypted."
        )
    # As it was typed but for the slash: paths are put behind it.
    return text.strip().rstrip("/")


def _bare(text: str) -> str:
    """A mistyped URL for showing, without what may be a password before an @."""
    return re.sub(r"//[^/@]*@", "//", text)[:100]


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
