"""Options, environment and config file made into one validated, frozen Settings."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from wfdash.config.credential import SECRET_VARIABLES, Credential
from wfdash.config.own_commands import OwnCommand, OwnHook
from wfdash.config.schema import SavedView

__all__ = [
    "CLOUDFLARE",
    "ForeignAccount",
    "Link",
    "NoCredentials",
    "Options",
    "ProfileCard",
    "Proxy",
    "Recording",
    "Settings",
    "SettingsError",
]

CLOUDFLARE = "https://api.cloudflare.com/client/v4"


class SettingsError(Exception):
    """Raised for what is wrong in options, environment or config; `str()` is the sentence."""

    exit_code = 2


class NoCredentials(SettingsError):
    exit_code = 3


class ForeignAccount(SettingsError):
    """Raised where a file or URL leads to another account than the configured one, and nobody agreed."""

    def __init__(self, link: "Link", ours: str, profile: str) -> None:
        """`profile` is the only one of the config that is for that account, "" where there is none."""
        self.link, self.ours, self.profile = link, ours, profile
        way = f"--profile {profile}" if profile else f"--account-id {link.account_id}"
        super().__init__(f"{self.meeting}. {way} goes there.")

    @property
    def meeting(self) -> str:
        """A clause that names both accounts, each with who names it."""
        return f"{self.link.source} is of account {self.link.account_id}, {self.ours}"


class Link(Struct, frozen=True):
    """The account that a file or a URL names: where to go, never a leave to do more there."""

    account_id: str
    source: str


class Options(Struct, frozen=True):
    """The settings as far as the command line gives them; None and "" mean it says nothing."""

    workflow: str = ""
    account_id: str = ""
    profile: str = ""
    config: str = ""
    base_url: str = ""
    local: str | None = None
    """"" for `--local` alone, else a port number or an http:// URL."""
    debug: str = ""
    read_only: bool = False
    interval: float | None = None
    ascii: bool = False
    mouse: bool | None = None
    demo: str = ""
    """A scenario's name: CLOUDFLARE_*, profiles and wrangler's login are then left alone."""
    demo_account: str = ""
    demo_token: str = ""
    link: Link | None = None
    setup: bool = False
    """Somebody is led to a credential: there need not be one yet."""

    def __repr__(self) -> str:
        """Names the profile alone: the demo's token must not be printed."""
        return f"<Options of profile {self.profile!r}>"


class ProfileCard(Struct, frozen=True):
    """The parts of a profile by which a person chooses one."""

    name: str
    account_id: str = ""
    workflow: str = ""
    local: bool = False
    production: bool = False
    read_only: bool = False
    colour: str = ""


class Proxy(Struct, frozen=True):
    """The proxy that requests go to, and the variable that says so. The address may hold a password."""

    url: str
    source: str

    def __repr__(self) -> str:
        return f"<Proxy of {self.source}>"


class Recording(Struct, frozen=True):
    """Whether and how what is seen is kept on disk."""

    on: bool = True
    payloads: bool = False
    """Whether params and outputs are kept too."""
    megabytes: int = 200


class Settings(Struct, frozen=True):
    profile_name: str = ""
    account_id: str = ""
    """"" until `GET /accounts` has told the only one."""
    workflow: str = ""
    base_url: str = CLOUDFLARE
    """Of a dev session: its origin, without a path."""
    local: bool = False
    credential: Credential | None = None
    proxy: Proxy | None = None
    """None where the server is asked directly."""
    production_accounts: frozenset[str] = frozenset()
    production: bool = False
    read_only: bool = False
    read_only_accounts: frozenset[str] = frozenset()
    """Accounts that a profile calls read-only, without one whose own profile is in force and does not."""
    colour: str = ""
    interval: float = 3.0
    """Seconds between two polls of the list."""
    share: float = 0.5
    """Part of Cloudflare's 1200 requests per 5 minutes that reads may use."""
    pace: int = 0
    """Restarts of one action on many that are sent a minute at most; 0: as the limits of requests allow."""
    parallel: int = 0
    """Runs of one action on many that go on at a time; 0: any number."""
    theme: str = "ansi-dark"
    time: str = "utc"
    mouse: bool = False
    scale: str = "gaps cut"
    ascii: bool = False
    columns: tuple[str, ...] = ()
    """Of the list of instances, in their order; () for all."""
    no_color: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)
    views: tuple[SavedView, ...] = ()
    commands: tuple[OwnCommand, ...] = ()
    hooks: tuple[OwnHook, ...] = ()
    retention: Mapping[str, float] = field(default_factory=dict)
    """Seconds a finished instance is kept, by workflow."""
    pairing_folder: Path | None = None
    """Where those who work together leave word of themselves; None: the own state folder."""
    record: Recording = Recording()
    debug: Path | None = None
    demo: str = ""
    config_path: Path | None = None
    """The config that was read, or would be."""
    profiles: tuple[ProfileCard, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    """Setting -> where it came from, for `doctor`."""
    warnings: tuple[str, ...] = ()
    secret_variables: frozenset[str] = frozenset()
    """Environment variables in which profiles look for their tokens."""

    @property
    def kept_for(self) -> str:
        """The owner of pins, notes and journal: the account, or a dev session's origin; "" if not known.

        Instances of one id in two dev sessions are two instances.
        """
        return self.base_url.replace("//localhost:", "//127.0.0.1:") if self.local else self.account_id

    def without_secrets(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The environment for a program that we start and that needs no credential of ours."""
        hidden = SECRET_VARIABLES | self.secret_variables
        hide = self.credential.hide if self.credential is not None else str
        return {name: value for name, value in environ.items() if name not in hidden and hide(value) == value}

    def is_production(self, account_id: str) -> bool:
        """Whether this account is guarded as production, whichever profile named it."""
        return self.production or account_id.lower() in self.production_accounts

    def is_read_only(self, account_id: str) -> bool:
        """Whether nothing may be written to this account, however it came to be the one in use."""
        return self.read_only or account_id.lower() in self.read_only_accounts

    def of_account(self, account_id: str) -> "Settings":
        """These settings for an account that was found or chosen later, under the guards it has."""
        return replace(
            self,
            account_id=account_id,
            production=self.is_production(account_id),
            read_only=self.is_read_only(account_id),
        )
