"""What these tests share: three minutes of an incident in two records, with payloads and without."""

import asyncio

import pytest

from tests.live.records.record.sample_files import three_minutes


@pytest.fixture(scope="session")
def incident(tmp_path_factory):
    return asyncio.run(three_minutes(tmp_path_factory.mktemp("incident")))
