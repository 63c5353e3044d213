"""What these tests share: three minutes of an incident in two records, and one that another program holds."""

import asyncio
import sqlite3

import pytest

from tests.live.records.record.sample_files import three_minutes
from wfdash.live.records.record import schema
from wfdash.live.records.record.schema import open_file


@pytest.fixture(scope="session")
def incident(tmp_path_factory):
    return asyncio.run(three_minutes(tmp_path_factory.mktemp("incident")))


@pytest.fixture
def held(tmp_path, monkeypatch):
    """`held()` holds the record in a transaction until the function that it gives is called."""
    monkeypatch.setattr(schema, "_PATIENCE", 0.02)
    path = tmp_path / "a.db"
    open_file(path).close()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def hold():
        other.execute("BEGIN IMMEDIATE")
        return lambda: other.execute("ROLLBACK")

    yield hold
    other.close()
