"""One run's settings and where its config is: the only module that the rest asks for them."""

from collections.abc import Mapping
from pathlib import Path

from wfdash.config.precedence import config_path, resolve
from wfdash.config.settings import Options, Settings

__all__ = ["config_named", "load"]


def config_named(options: Options, environ: Mapping[str, str]) -> Path:
    """Where the config is, or would be."""
    return config_path(options, environ)[0]


def load(options: Options, environ: Mapping[str, str]) -> Settings:
    """Settings for one run; raises SettingsError (exit 2) or NoCredentials (exit 3)."""
    return resolve(options, environ)
