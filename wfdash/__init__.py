"""wfdash: a terminal dashboard for Cloudflare Workflows."""

__version__ = "0.1.0"
