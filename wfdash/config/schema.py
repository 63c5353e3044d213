"""What the config file may hold, with every default. Plain dataclasses; config_file checks them."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

__all__ = ["THEMES", "Actions", "Config", "Display", "Poll", "Profile", "Record", "ViewEntry"]

THEMES = ("ansi-dark", "ansi-light", "ansi-contrast", "dark", "light", "colour-blind")

Colour = Literal[
    "", "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
    "bright_black", "bright_red", "bright_green", "bright_yellow", "bright_blue", "bright_magenta",
    "bright_cyan", "bright_white",
]  # fmt: skip

_STRICT: dict[str, Any] = {"extra": "forbid", "strict": True}


@dataclass(frozen=True)
class Profile:
    """One `[profiles.X]`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    account_id: str = ""
    workflow: str = ""
    base_url: str = ""
    local: bool | int | str = False
    token_env: str = ""
    token_command: list[str] = field(default_factory=list)
    production: bool = False
    read_only: bool = False
    colour: Colour = ""


@dataclass(frozen=True)
class Poll:
    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    interval: float = 3.0
    share: float = 0.5


@dataclass(frozen=True)
class Actions:
    """`[actions]`: how restarts of many are sent."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    pace: int = 0
    parallel: int = 0


@dataclass(frozen=True)
class Display:
    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    theme: str = "ansi-dark"
    time: Literal["utc", "local"] = "utc"
    mouse: bool = False
    ascii: bool = False
    columns: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Record:
    """`[record]`: what wfdash keeps of what it sees."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    on: bool = True
    payloads: bool = False
    size: int = 200


@dataclass(frozen=True)
class ViewEntry:
    """One `[[views]]`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    name: str
    key: str = ""
    workflow: str = ""
    filter: str = ""
    sort: str = ""
    default: bool = False


@dataclass(frozen=True)
class CommandEntry:
    """One `[[commands]]`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    name: str
    key: str = ""
    run: list[str] = field(default_factory=list)
    confirm: bool = True
    dangerous: bool = True


@dataclass(frozen=True)
class HookEntry:
    """One `[[hooks]]`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    on: str = ""
    run: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Pairing:
    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    folder: str = ""


@dataclass(frozen=True)
class Config:
    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    profile: str = ""
    profiles: dict[str, Profile] = field(default_factory=dict)
    poll: Poll = field(default_factory=Poll)
    actions: Actions = field(default_factory=Actions)
    display: Display = field(default_factory=Display)
    record: Record = field(default_factory=Record)
    keys: dict[str, str] = field(default_factory=dict)
    views: list[ViewEntry] = field(default_factory=list)
    commands: list[CommandEntry] = field(default_factory=list)
    hooks: list[HookEntry] = field(default_factory=list)
    retention: dict[str, str] = field(default_factory=dict)
    pairing: Pairing = field(default_factory=Pairing)
