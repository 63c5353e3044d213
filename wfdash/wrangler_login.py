"""wrangler's stored login, read and never renewed or written: its refresh tokens serve only once."""

import sys
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wfdash.core.moment import parse_time

__all__ = ["WranglerLogin", "find_login"]


@dataclass(frozen=True, slots=True)
class WranglerLogin:
    """`token` is "" when there is none to use; `trouble` says why, or is "" when nobody ever logged in."""

    path: Path
    token: str = field(default="", repr=False)
    trouble: str = ""


def find_login(environ: Mapping[str, str], *, now: float | None = None) -> WranglerLogin:
    """The login wrangler would use, if it has not expired by `now` (epoch seconds)."""
    folder = _folder(environ) / "config"
    path = folder / "default.toml"
    if (folder / "default.enc").exists() and not path.exists():
        return WranglerLogin(
            path.with_suffix(".enc"),
            trouble="wrangler's login is encrypted with the system keyring, which wfdash does not open: "
            "set CLOUDFLARE_API_TOKEN instead.",
        )
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return WranglerLogin(path)
    except (OSError, ValueError):
        return WranglerLogin(path, trouble=f"wrangler's login in {path} could not be read.")
    token = table.get("oauth_token")
    if not isinstance(token, str) or not token:
        return WranglerLogin(path)
    if (expires := _expiry(table.get("expiration_time"))) is None or expires <= (now or time.time()):
        return WranglerLogin(
            path, trouble="wrangler's stored login has expired: run `wrangler whoami`, which renews it."
        )
    return WranglerLogin(path, token)


def _expiry(value: object) -> float | None:
    text = value.isoformat() if hasattr(value, "isoformat") else value
    return parse_time(text)


def _folder(environ: Mapping[str, str]) -> Path:
    """wrangler's global folder: ~/.wrangler where it exists, else the platform's config folder."""
    home = Path(environ.get("HOME") or Path.home())
    old = home / ".wrangler"
    if old.is_dir():
        return old
    if environ.get("XDG_CONFIG_HOME"):
        return Path(environ["XDG_CONFIG_HOME"]) / ".wrangler"
    if sys.platform == "darwin":
        return home / "Library" / "Preferences" / ".wrangler"
    if sys.platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "xdg.config" / ".wrangler"
    return home / ".config" / ".wrangler"
