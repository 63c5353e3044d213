"""Where a credential can come from: a profile's variable or command, CLOUDFLARE_*, or wrangler's login."""

import subprocess
from collections.abc import Collection, Mapping, Sequence

from wfdash.config_schema import Profile
from wfdash.credentials import SECRET_VARIABLES, Credential

__all__ = ["HOW_TO", "CredentialError", "from_environment", "from_profile", "from_wrangler"]

COMMAND_SECONDS = 30.0

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
    from wfdash.wrangler_login import find_login

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
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise CredentialError(f"The credential from {source} has characters that no token has.")
    return secret


def _run(command: Sequence[str], source: str, child: Mapping[str, str]) -> str:
    """What the command prints, without a shell; `child` is its whole environment."""
    failure = ""
    try:
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
