"""Who uses the process, as others are told: the login, and what tells two people of one login apart."""

import pytest

from wfdash.live.records import person
from wfdash.live.records.person import full_name, seat


@pytest.fixture
def at(monkeypatch):
    def at(terminal, user="root"):
        monkeypatch.setattr(person, "terminal", lambda: terminal)
        monkeypatch.setattr(person.getpass, "getuser", lambda: user)

    return at


@pytest.mark.parametrize(
    ("terminal", "environ", "said"),
    [
        ("pts/3", {}, "pts/3"),
        ("pts/3", {"SSH_CONNECTION": "10.0.0.7 51000 10.0.0.1 22"}, "pts/3 from 10.0.0.7"),
        ("", {"SSH_CONNECTION": "10.0.0.7 51000 10.0.0.1 22"}, "from 10.0.0.7"),
        ("pts/3", {"SUDO_USER": "ana"}, "pts/3 (ana by sudo)"),
        ("", {"SUDO_USER": "root"}, ""),
        ("", {"SUDO_USER": "a\udcff"}, "(a? by sudo)"),
    ],
)
def test_seat_tells_what_is_known_beside_the_login(at, terminal, environ, said):
    at(terminal)
    assert seat(environ) == said


@pytest.mark.parametrize(
    ("who", "place", "said"),
    [
        ("root@vm", "pts/3 from 10.0.0.7", "root on pts/3 from 10.0.0.7"),
        ("root@vm", "from 10.0.0.7", "root from 10.0.0.7"),
        ("root@vm", "(ana by sudo)", "root (ana by sudo)"),
        ("root@vm", "", "root"),
        ("ana@vm", "pts/3", "ana"),
        ("", "pts/3", ""),
    ],
)
def test_only_of_the_own_login_the_seat_is_told(at, who, place, said):
    at("pts/1")
    assert full_name(who, place) == said
