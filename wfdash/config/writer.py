"""Changes a person's config file without losing a comment: a view, a profile, or the one to start with."""

import os
import tempfile
from collections.abc import Sequence
from difflib import ndiff
from pathlib import Path
from typing import Any

from msgspec import Struct

from wfdash.config.file import ConfigError, parse
from wfdash.config.plain_file import read_plain
from wfdash.config.schema import SavedView
from wfdash.config.settings import CLOUDFLARE, ProfileCard, SettingsError
from wfdash.core.text.clean import masked

__all__ = [
    "NewProfile",
    "profile_change",
    "save_display",
    "save_profile",
    "save_view",
]


def save_view(path: Path, view: SavedView) -> None:
    """Adds the view, or replaces the one of its name; a key it takes over is taken from the view that had it.

    Raises SettingsError when the file cannot be read, would become invalid or cannot be written.
    """
    document = _document(path)
    views = document.setdefault("views", _tables())
    for other in views:
        if view.key and other.get("key") == view.key and other.get("name") != view.name:
            # A number opens one view. Taken away and not refused: who saves a view has chosen the key a
            # moment ago.
            other["key"] = ""
        if view.default and other.get("workflow", "") == view.workflow and other.get("default"):
            other["default"] = False
    entry = next((saved for saved in views if saved.get("name") == view.name), None)
    if entry is None:
        entry = _table()
        entry["name"] = view.name
        views.append(entry)
    for name in ("key", "workflow", "filter", "sort", "default"):
        value = getattr(view, name)
        if value or name in entry:
            entry[name] = value
    _write(path, document)


class NewProfile(Struct, frozen=True):
    """A profile to be written: `token_env` names the variable with the token, `token_command` prints it.

    The token itself is never written.
    """

    card: ProfileCard
    base_url: str = CLOUDFLARE
    token_env: str = ""
    token_command: Sequence[str] = ()


def save_profile(path: Path, profile: NewProfile) -> None:
    """Adds or changes a profile and makes it the default one. Raises SettingsError as save_view does."""
    _write(path, _with_profile(path, profile))


def profile_change(path: Path, profile: NewProfile) -> list[str]:
    """The lines save_profile would write: all of a new file, else those that differ, behind `+` and `-`."""
    import tomlkit

    before = tomlkit.dumps(_document(path)).splitlines()
    after = tomlkit.dumps(_with_profile(path, profile)).splitlines()
    if not before:
        return after
    return [line for line in ndiff(before, after) if line[0] in "+-"]


def _with_profile(path: Path, profile: NewProfile) -> Any:
    document, card = _document(path), profile.card
    base_url = profile.base_url
    document["profile"] = card.name
    entry = document.setdefault("profiles", _table()).setdefault(card.name, _table())
    values: dict[str, str | bool | list[str]] = {"account_id": card.account_id, "workflow": card.workflow}
    # Cloudflare's own address is left out: a profile that spells it out would keep it when that moves.
    values["base_url"] = "" if card.local or base_url == CLOUDFLARE else base_url
    values["local"] = base_url if card.local else False
    values |= {"token_env": profile.token_env, "token_command": list(profile.token_command)}
    values |= {"production": card.production, "read_only": card.read_only}
    for name, value in values.items():
        if value or name in entry:
            entry[name] = value
    return document


def save_display(path: Path, name: str, value: str | bool | Sequence[str]) -> None:
    """Keeps one key of `[display]`. Raises SettingsError as save_view does."""
    document = _document(path)
    document.setdefault("display", _table())[name] = value if isinstance(value, str | bool) else list(value)
    _write(path, document)


def _document(path: Path) -> Any:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        # Read again at each save: somebody may have changed it in an editor while the dashboard was open.
        text = read_plain(path).decode("utf-8-sig")
        parse(text, str(path))  # what was changed meanwhile may have a number where a table is looked for
        return tomlkit.parse(text)
    except ConfigError as error:
        raise SettingsError(f"{error} Nothing was saved.") from None
    except FileNotFoundError:
        return tomlkit.document()
    except OSError as error:
        raise SettingsError(f"{path} could not be read: {error.strerror}. Nothing was saved.") from None
    except (ValueError, RecursionError, TOMLKitError) as error:
        raise SettingsError(f"{path} could not be read: {error}. Nothing was saved.") from None


def _table() -> Any:
    import tomlkit

    return tomlkit.table()


def _tables() -> Any:
    import tomlkit

    return tomlkit.aot()


def _hides(text: str) -> int:
    """How many lines of the text hold a secret in use."""
    return sum(masked(line) != line for line in text.split("\n"))


def _write(path: Path, document: Any) -> None:
    """Puts the text in place in one step, checked first; the mode stays, and is 0600 for a new file."""
    import tomlkit

    text = tomlkit.dumps(document)
    try:
        parse(text, str(path))
    except ConfigError as error:
        raise SettingsError(f"{error} Nothing was saved.") from None
    # Where somebody wrote it there by hand it is theirs; masked, a filter would be another one.
    if _hides(text) > _hides(tomlkit.dumps(_document(path))):
        raise SettingsError("That holds the token in use, which is kept in no file. Nothing was saved.")
    # The file that a link points to, as dotfiles are kept: replacing the link would part the two.
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".config-", suffix=".toml")
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                # Before it takes the place of the old one: a power cut must leave one of the two whole.
                os.fsync(file.fileno())
            if target.exists():
                os.chmod(name, target.stat().st_mode & 0o777)
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise SettingsError(f"{path} could not be written: {error.strerror}. Nothing was saved.") from None
