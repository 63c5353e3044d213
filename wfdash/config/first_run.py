"""The first time: how to get a token, where it can come from, and whether a person was led through before."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from wfdash.config.credential import Credential, origin_of
from wfdash.config.credential_sources import CredentialError, checked, from_profile, from_wrangler
from wfdash.config.schema import Profile
from wfdash.config.settings import CLOUDFLARE, Settings

__all__ = [
    "COMMAND",
    "FORM",
    "VARIABLE",
    "TokenSource",
    "guide",
    "remember_led",
    "source_of",
    "was_led",
    "with_login",
    "with_token",
]

VARIABLE, COMMAND = "variable", "command"
"""What a token may be given by: the name of what holds it, or what prints it."""
FORM = (
    "https://dash.cloudflare.com/profile/api-tokens?permissionGroupKeys="
    "%5B%7B%22key%22%3A%22workers_scripts%22%2C%22type%22%3A%22read%22%7D%5D"
    "&accountId=*&zoneId=all&name=wfdash"
)
"""Opens Cloudflare's form for a token with the permission filled in; nothing is made before it is sent."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIKE_A_TOKEN = re.compile(r"[A-Za-z0-9_-]{30,}")
_LED = "first-run"
_CONFIG = "{config}"


def guide(config: Path) -> list[str]:
    """The way from a token to a config, a line each; the token itself is never asked for."""
    steps = f"""\
The first time:
  1. Make an API token with the permission Account, Workers Scripts, Read; Edit, to act on instances too.
     This address fills in the form: {FORM}
  2. Set it in your shell, never in a config of wfdash:
     export CLOUDFLARE_API_TOKEN=...
  3. Start wfdash again. It checks the token, asks for account and workflow, and keeps them, if you like, in
     {_CONFIG}
Where the token is in another variable, or a command prints it: wfdash setup
To look around without an account: wfdash demo"""
    # Put in once the lines are parted: a line break in its name begins none.
    return [line.replace(_CONFIG, str(config)) for line in steps.split("\n")]


class TokenSource(Struct, frozen=True):
    """Where a profile finds its token: a variable, or a command; with neither, where wfdash looks anyway."""

    env: str = ""
    command: tuple[str, ...] = ()


def source_of(kind: str, typed: str) -> TokenSource:
    """Makes a source of what was typed. Raises CredentialError, which never repeats it: it may be a token."""
    # Pasted here by habit, a token would end up in the config as the name of a variable.
    if _LIKE_A_TOKEN.fullmatch(typed):
        raise CredentialError(
            "That looks like a token itself, which is never kept here: name the variable or command it is in."
        )
    if kind == VARIABLE:
        if not _NAME.fullmatch(typed):
            raise CredentialError("The name of a variable has letters, digits and _ alone.")
        return TokenSource(env=typed)
    try:
        command = tuple(shlex.split(typed))
    except ValueError as wrong:
        raise CredentialError(f"The command cannot be parsed: {wrong}.") from None
    if not command:
        raise CredentialError("There is no command.")
    return TokenSource(command=command)


def with_token(settings: Settings, profile: str, source: TokenSource, environ: Mapping[str, str]) -> Settings:
    """The settings with the token that is there now; runs the command. Raises CredentialError."""
    return replace(settings, credential=_read(profile, source, environ))


def with_login(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """The settings with wrangler's login, which is sent to Cloudflare alone. Raises CredentialError."""
    if origin_of(settings.base_url) != origin_of(CLOUDFLARE):
        raise CredentialError("wrangler's login is sent to api.cloudflare.com alone.")
    credential, trouble = from_wrangler(environ)
    if credential is None:
        raise CredentialError(
            trouble or "Nobody is logged in with wrangler here: run `wrangler login` first."
        )
    return replace(settings, credential=credential)


def _read(profile: str, source: TokenSource, environ: Mapping[str, str]) -> Credential:
    if source.env:
        secret = environ.get(source.env, "").strip()
        if not secret:
            raise CredentialError(f"{source.env} is not set here: set it in your shell and start again.")
        return Credential(checked(secret, source.env), source=source.env)
    found = from_profile(profile, Profile(token_command=list(source.command)), environ)
    assert found is not None
    # `echo TOKEN` works, and would keep the token in the config all the same.
    if found.hide(shlex.join(source.command)) != shlex.join(source.command):
        raise CredentialError("The command holds the token itself, and would be kept with it: use another.")
    return found


def was_led(folder: Path) -> bool:
    """Whether the first run has been gone through, or left, before; `folder` is the state folder."""
    return (folder / _LED).exists()


def remember_led(folder: Path) -> None:
    """Leads nobody through it again who left it. Where that cannot be written, it is offered once more."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / _LED).touch(mode=0o600)
    except OSError:
        pass
