"""The record: what wfdash saw, kept in one SQLite file an account or dev origin."""
