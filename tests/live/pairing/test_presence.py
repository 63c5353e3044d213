"""What dashboards tell each other comes back as it was, and nothing that anybody wrote there does harm."""

import json

from hypothesis import given
from hypothesis import strategies as st

from wfdash.live.pairing.presence import LARGEST, PeerAction, Presence, account_key, parse_presence, written

TEXT = st.text(max_size=40)
ACTIONS = st.builds(
    PeerAction,
    verb=TEXT,
    workflow=TEXT,
    ids=st.lists(TEXT, max_size=8).map(tuple),
    count=st.integers(1, 10**6),
    at=st.floats(1, 10**10),
    over=st.booleans(),
    came_to=TEXT,
)
PRESENCES = st.builds(
    Presence,
    session=st.text(min_size=1, max_size=40),
    who=st.text(min_size=1, max_size=40),
    terminal=TEXT,
    workflow=TEXT,
    instance=TEXT,
    actions=st.lists(ACTIONS, max_size=3).map(tuple),
    seat=TEXT,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
FIELDS = ("v", "session", "who", "terminal", "workflow", "instance", "actions", "seat")


@given(PRESENCES)
def test_what_was_written_comes_back(presence):
    assert parse_presence(written(presence)) == presence


@given(st.integers(1, 256), st.integers(1, 100), st.integers(1, 20))
def test_a_long_story_is_cut_to_what_is_read(length, ids, number):
    names = tuple("é" * length for _ in range(ids))
    actions = tuple(PeerAction("pause", "orders", names, ids, float(at)) for at in range(1, number + 1))
    content = written(Presence("1-a", "ana@desk", actions=actions))
    assert len(content) <= LARGEST
    assert parse_presence(content) is not None


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_told_apart_from_a_presence(content):
    found = parse_presence(content)
    assert found is None or found.session


@given(st.fixed_dictionaries({}, optional={name: JSON | st.just(1) for name in FIELDS}))
def test_wrong_kinds_of_values_are_left_out(fields):
    found = parse_presence(json.dumps(fields).encode())
    if found is not None:
        assert isinstance(found.who, str)
        assert all(isinstance(action, PeerAction) for action in found.actions)


def test_a_key_tells_accounts_apart_and_names_none():
    account = "fa4e0000000000000000000000000000"
    key = account_key("https://api.example", account)
    assert key == account_key("https://api.example", account.upper())
    assert key not in (account_key("https://api.example", "b"), account_key("https://other.example", account))
    assert account[:4] not in key
