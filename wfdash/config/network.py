"""The way to the server as the environment has it: the proxy to go through, the certificates to trust."""

import ipaddress
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from wfdash.config.plain_file import open_log, open_plain
from wfdash.config.settings import Proxy, SettingsError

__all__ = ["check_trust", "is_host", "proxy_for"]

_SCHEMES = ("http", "https", "socks5", "socks5h")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_SUCH_AS = "http://proxy.example:3128 or socks5://127.0.0.1:1080"


def is_host(host: str) -> bool:
    """Whether the HTTP client can make a connection's name of it: an address, or labels parted by dots."""
    try:
        # What the client would fail on amid a request with an exception of its own is refused at the start,
        # with its name.
        ipaddress.ip_address(host)
        return True
    except ValueError:
        pass
    if host.isascii() and "xn--" not in host.lower():
        labels = host.removesuffix(".").split(".")
        return len(host) <= 253 and not labels[-1].isdigit() and all(map(_LABEL.fullmatch, labels))
    import idna

    try:
        # As httpx does it: what encodes may still be no name, and the client decodes it again for a message.
        return bool(idna.encode(host.lower())) and bool(idna.decode(host.lower()))
    except UnicodeError:
        return False


def proxy_for(base_url: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy to a server, or None to go straight to it. Raises SettingsError naming the variable.

    The HTTP client would read these variables itself, but takes NO_PROXY=fd00::/8 for a host and a port.
    """
    target = urlsplit(base_url)
    host, port = target.hostname or "", target.port or (443 if target.scheme == "https" else 80)
    name, value = _named(target.scheme, environ)
    if not value:
        return _of_the_system(target.scheme, host)
    if any(_covers(entry, host, port) for entry in _entries(environ)):
        return None
    return Proxy(_checked(name, value), name)


def _named(scheme: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """The variable that counts and its value; in lower case first, as everywhere."""
    # The client itself is told to trust no variable: which one counts, and its fault, can then be said.
    for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY"):
        if value := environ.get(name, "").strip():
            return name, value
    return "", ""


def _of_the_system(scheme: str, host: str) -> Proxy | None:
    """The proxy in the settings of a Mac or of Windows, which no variable repeats; None for none."""
    if sys.platform not in ("darwin", "win32"):
        return None
    from urllib.request import getproxies, proxy_bypass

    address = getproxies().get(scheme, "")
    if not address or proxy_bypass(host):
        return None
    source = "the system's proxy settings"
    return Proxy(_checked(source, address), source)


def _checked(name: str, value: str) -> str:
    # As curl takes it: most variables hold a host and a port alone.
    address = value if "://" in value else f"http://{value}"
    shown = value.rpartition("@")[2][:100]  # what stands before may be a password
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or not address.isprintable() or not is_host(host) or " " in address:
        raise SettingsError(
            f'{name}: "{shown}" is not the address of a proxy, such as {_SUCH_AS}: correct or unset it.'
        )
    if parts.scheme not in _SCHEMES:
        schemes = ", ".join(_SCHEMES)
        raise SettingsError(f"{name}: a proxy of the kind {parts.scheme}:// cannot be used, only {schemes}.")
    return address


def _entries(environ: Mapping[str, str]) -> Iterator[str]:
    text = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return (entry for entry in re.split(r"[\s,]+", text) if entry)


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY is this server: a name and those below it, an address, a network, `*`.

    What is none of these covers nothing: a list that was written for other programs stops nobody.
    """
    if entry == "*":
        return True
    entry = entry.partition("://")[2] or entry
    try:
        # Not strict: 10.1.2.3/8 is how people write a network.
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except (ValueError, TypeError):
        pass
    try:
        parts = urlsplit(f"//{entry}")
        name, its_port = (parts.hostname or "").lstrip("*").strip("."), parts.port
    except ValueError:
        return False
    if not name or its_port not in (None, port):
        return False
    return host.rstrip(".") == name or host.rstrip(".").endswith(f".{name}")


def check_trust(environ: Mapping[str, str]) -> None:
    """Raises SettingsError, naming the variable, for what Python's TLS would fail on without naming it."""
    if file := environ.get("SSL_CERT_FILE"):
        _check_bundle(file)
    elif (folders := environ.get("SSL_CERT_DIR")) and not any(map(os.path.isdir, folders.split(os.pathsep))):
        raise SettingsError(
            f"SSL_CERT_DIR: {folders} is not a folder: name one with certificates, or unset it."
        )
    # With -E Python itself does not read it, and what is never opened need not be writable.
    if (file := environ.get("SSLKEYLOGFILE")) and not sys.flags.ignore_environment:
        _check_key_log(file)


def _check_bundle(file: str) -> None:
    import ssl

    try:
        os.close(open_plain(Path(file)))
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except ssl.SSLError:
        raise SettingsError(
            f"SSL_CERT_FILE: {file} holds no certificates that can be read: name a PEM file, or unset it."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"SSL_CERT_FILE: {file} could not be read: {error.strerror}. Name a PEM file, or unset it."
        ) from None


def _check_key_log(file: str) -> None:
    """Raises SettingsError for SSLKEYLOGFILE at what takes no lines.

    OpenSSL would wait for ever at a pipe.
    """
    try:
        os.close(open_log(Path(file)))
    except OSError as error:
        raise SettingsError(
            f"SSLKEYLOGFILE: {file} cannot be written: {error.strerror}. Correct or unset it."
        ) from None
