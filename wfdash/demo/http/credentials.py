"""What the simulator lets in: made up, plainly so, and good for nothing else."""

__all__ = ["ACCOUNT_ID", "ACCOUNT_NAME", "EMAIL", "KEY", "READ_ONLY_TOKEN", "TOKEN"]

TOKEN = "demo-token-not-a-secret"  # noqa: S105
READ_ONLY_TOKEN = "demo-read-only-token-not-a-secret"  # noqa: S105
EMAIL = "demo@example.com"
KEY = "demo-key-not-a-secret"
ACCOUNT_ID = "d3300000000000000000000000000000"
ACCOUNT_NAME = "Acme (demo)"
