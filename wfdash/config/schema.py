"""What the config file may hold, with every default; `wfdash.config.file` checks it."""

from typing import TYPE_CHECKING, Any, Literal

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core.core_schema import CoreSchema

__all__ = ["THEMES", "Actions", "Config", "Display", "Poll", "Profile", "Record", "SavedView"]

THEMES = ("ansi-dark", "ansi-light", "ansi-contrast", "dark", "light", "colour-blind")

Colour = Literal[
    "", "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
    "bright_black", "bright_red", "bright_green", "bright_yellow", "bright_blue", "bright_magenta",
    "bright_cyan", "bright_white",
]  # fmt: skip


class Table(Struct, frozen=True):
    """A table of the file: no other key, and no other type of value.

    A Struct, for eleven dataclasses take 4 ms of each start, file or not.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """How pydantic, which knows no Struct, checks one."""
        from pydantic_core import core_schema

        keys = {
            field.encode_name: core_schema.typed_dict_field(
                handler.generate_schema(field.type),
                required=field.default is NODEFAULT and field.default_factory is NODEFAULT,
            )
            for field in fields(cls)
        }
        strict = core_schema.CoreConfig(strict=True)
        table = core_schema.typed_dict_schema(keys, extra_behavior="forbid", config=strict)
        return core_schema.no_info_after_validator_function(lambda values: cls(**values), table)


class Profile(Table, frozen=True):
    """A profile: the table `[profiles.X]`."""

    account_id: str = ""
    workflow: str = ""
    base_url: str = ""
    local: bool | int | str = False
    token_env: str = ""
    token_command: list[str] = []
    production: bool = False
    read_only: bool = False
    colour: Colour = ""


class Poll(Table, frozen=True):
    interval: float = 3.0
    share: float = 0.5


class Actions(Table, frozen=True):
    """How restarts of many are sent: the table `[actions]`."""

    pace: int = 0
    parallel: int = 0


class Display(Table, frozen=True):
    theme: str = "ansi-dark"
    time: Literal["utc", "local"] = "utc"
    mouse: bool = False
    scale: Literal["gaps cut", "to scale", "equal steps"] = "gaps cut"
    ascii: bool = False
    columns: list[str] = []


class Record(Table, frozen=True):
    """What wfdash keeps of what it sees: the table `[record]`."""

    on: bool = True
    payloads: bool = False
    size: int = 200


class SavedView(Table, frozen=True):
    """A filter and an order under a name and a key: an entry of `[[views]]`."""

    name: str
    key: str = ""
    workflow: str = ""
    filter: str = ""
    sort: str = ""
    default: bool = False


class CommandEntry(Table, frozen=True):
    """A person's command on a key: an entry of `[[commands]]`."""

    name: str
    key: str = ""
    run: list[str] = []
    confirm: bool = True
    dangerous: bool = True


class HookEntry(Table, frozen=True):
    """A person's command for a change: an entry of `[[hooks]]`."""

    on: str = ""
    run: list[str] = []


class Pairing(Table, frozen=True):
    folder: str = ""


class Config(Table, frozen=True):
    profile: str = ""
    profiles: dict[str, Profile] = {}
    poll: Poll = Poll()
    actions: Actions = Actions()
    display: Display = Display()
    record: Record = Record()
    keys: dict[str, str] = {}
    views: list[SavedView] = []
    commands: list[CommandEntry] = []
    hooks: list[HookEntry] = []
    retention: dict[str, str] = {}
    pairing: Pairing = Pairing()
