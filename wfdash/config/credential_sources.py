"""Where a credential can come from: a profile's variable or command, CLOUDFLARE_*, or wrangler's login."""

import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wfdash.config.credential import SECRET_VARIABLES, Credential
from wfdash.config.plain_file import read_plain
from wfdash.config.schema import Profile
from wfdash.core.model.times import parse_time

__all__ = [
    "HOW_TO",
    "CredentialError",
    "WranglerLogin",
    "find_login",
    "from_environment",
    "from_profile",
    "from_wrangler",
]


@dataclass(frozen=True, slots=True)
class WranglerLogin:
    """`token` is "" when there is none to use; `trouble` says why, or is "" when nobody ever logged in."""

    path: Path
    token: str = field(default="", repr=False)
    trouble: str = ""


def find_login(environ: Mapping[str, str]) -> WranglerLogin:
    """The login wrangler would use, if it has not expired."""
    folder = _folder(environ) / "config"
    path = folder / "default.toml"
    # With its keyring switched on wrangler keeps an encrypted file, whose key only the
    # system's keyring has (workers-sdk).
    if (folder / "default.enc").exists() and not path.exists():
        return WranglerLogin(
            path.with_suffix(".enc"),
            trouble="wrangler's login is encrypted with the system keyring, which wfdash does not open: "
            "set CLOUDFLARE_API_TOKEN instead.",
        )
    import tomllib

    try:
        table = tomllib.loads(read_plain(path).decode())
    except FileNotFoundError:
        return WranglerLogin(path)
    except (OSError, ValueError, RecursionError):
        return WranglerLogin(path, trouble=f"wrangler's login in {path} could not be read.")
    # Never renewed here: a refresh token works once, and without writing the next one back wrangler would be
    # logged out (wrangler's source, workers-sdk).
    token = table.get("oauth_token")
    if not isinstance(token, str) or not token:
        return WranglerLogin(path)
    if (expires := _expiry(table.get("expiration_time"))) is None or expires <= time.time():
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
    # The same order as wrangler's own (workers-sdk, global config path), so that both find the same login.
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


COMMAND_SECONDS = 30.0
"""Seconds that a command may take to print the secret: one that asks for a touch takes some."""

HOW_TO = (
    "Set CLOUDFLARE_API_TOKEN (a token that may read or write Workers Scripts), or CLOUDFLARE_API_KEY with "
    "CLOUDFLARE_EMAIL, or run `wrangler login`; `wfdash demo` needs none."
)


class CredentialError(Exception):
    """A credential was asked for by name and is not to be had; `str()` is the sentence."""


def from_profile(
    name: str, profile: Profile, environ: Mapping[str, str], *, secrets: Collection[str] = ()
) -> Credential | None:
    """The profile's own credential; None when it names none. Raises CredentialError when it fails.

    `secrets` are variables that hold other profiles' tokens: no command is given them.
    """
    if profile.token_env:
        secret = environ.get(profile.token_env, "").strip()
        if not secret:
            raise CredentialError(
                f"Profile {name} takes its token from {profile.token_env}, which is not set."
            )
        return Credential(checked(secret, profile.token_env), source=profile.token_env)
    if profile.token_command:
        source = f"the token_command of profile {name}"
        command = list(profile.token_command)
        # A command has no use for the other credentials, and may pass its environment on to anybody.
        hidden = SECRET_VARIABLES.union(secrets)
        child = {variable: value for variable, value in environ.items() if variable not in hidden}
        secret = checked(_run(command, source, child), source)
        return Credential(secret, source=source, renewal=lambda: _run_again(command, source, child))
    return None


def from_environment(environ: Mapping[str, str]) -> Credential | None:
    """The token, or else the key with its email. Raises CredentialError for half of a pair."""
    if token := environ.get("CLOUDFLARE_API_TOKEN", "").strip():
        return Credential(checked(token, "CLOUDFLARE_API_TOKEN"), source="CLOUDFLARE_API_TOKEN")
    key = environ.get("CLOUDFLARE_API_KEY", "").strip()
    email = environ.get("CLOUDFLARE_EMAIL", "").strip()
    if key and email:
        source = "CLOUDFLARE_API_KEY and CLOUDFLARE_EMAIL"
        return Credential(checked(key, source), source=source, email=checked(email, "CLOUDFLARE_EMAIL"))
    if key:
        raise CredentialError("CLOUDFLARE_API_KEY is set, but CLOUDFLARE_EMAIL, which it needs, is not.")
    return None


def from_wrangler(environ: Mapping[str, str]) -> tuple[Credential | None, str]:
    """wrangler's login and "", or None and why not ("" when there never was one)."""
    from wfdash.config.credential_sources import find_login

    login = find_login(environ)
    if not login.token:
        return None, login.trouble
    return (
        Credential(
            checked(login.token, "wrangler's login"),
            source=f"wrangler's login ({login.path})",
            renewal=lambda: find_login(environ).token,
        ),
        "",
    )


def checked(secret: str, source: str) -> str:
    """The secret, if it can stand in a header; the complaint never shows it."""
    # Such a value would fail deep in the HTTP client, in an error that quotes the header.
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise CredentialError(f"The credential from {source} has characters that no token has.")
    return secret


def _run(command: Sequence[str], source: str, child: Mapping[str, str]) -> str:
    """What the command prints, without a shell; `child` is its whole environment."""
    failure = ""
    try:
        # No shell, and nothing to read from: a password manager that asks at the terminal
        # would hold the start.
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, env=child, timeout=COMMAND_SECONDS
        )
    except subprocess.TimeoutExpired:
        failure = f"had not ended after {COMMAND_SECONDS:.0f} s"
    except (OSError, ValueError) as error:
        failure = f"could not be run: {getattr(error, 'strerror', None) or 'not a command'}"
    else:
        secret = done.stdout.decode("utf-8", "replace").strip()
        if done.returncode == 0 and secret:
            return secret
        failure = f"ended with status {done.returncode}" if done.returncode else "printed nothing"
    raise CredentialError(f"{source[0].upper()}{source[1:]} ({command[0][:80]}) {failure}.")


def _run_again(command: Sequence[str], source: str, child: Mapping[str, str]) -> str:
    try:
        return checked(_run(command, source, child), source)
    except CredentialError:
        return ""
