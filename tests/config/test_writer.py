"""Saving into the config: comments stay, the file changes in one step or not at all."""

import os

import pytest

from wfdash.config.file import read
from wfdash.config.schema import SavedView
from wfdash.config.settings import ProfileCard, SettingsError
from wfdash.config.writer import NewProfile, profile_change, save_display, save_profile, save_view

COMMENTED = """\
# mine, do not touch
profile = "a"  # the usual one

[profiles.a]   # first
account_id = "x"

[profiles.b]

# views I like
[[views]]
name = "failed"  # the important one
key = "1"
filter = "status:errored"
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "deep" / "config.toml"
    path.parent.mkdir()
    path.write_text(COMMENTED)
    path.chmod(0o640)
    return path


def test_a_view_is_added_and_every_comment_stays(path):
    save_view(path, SavedView("slow", key="2", filter='since:2h "x"', sort="-took"))
    text = path.read_text()
    assert text.startswith(COMMENTED)
    views = read(path, required=True).views
    assert [(view.name, view.key, view.filter, view.sort) for view in views] == [
        ("failed", "1", "status:errored", ""),
        ("slow", "2", 'since:2h "x"', "-took"),
    ]
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_view_is_replaced_by_name(path):
    save_view(path, SavedView("failed", key="3", filter="status:errored since:1d"))
    (view,) = read(path, required=True).views
    assert (view.key, view.filter) == ("3", "status:errored since:1d")
    assert "# the important one" in path.read_text()


def test_a_key_and_the_default_are_taken_over(path):
    save_view(path, SavedView("new", key="1", default=True))
    save_view(path, SavedView("newer", key="2", default=True))
    views = read(path, required=True).views
    assert [(view.name, view.key, view.default) for view in views] == [
        ("failed", "", False),
        ("new", "1", False),
        ("newer", "2", True),
    ]


def test_a_new_file_is_private(tmp_path):
    path = tmp_path / "none" / "yet" / "config.toml"
    save_view(path, SavedView("first"))
    assert [view.name for view in read(path, required=True).views] == ["first"]
    assert os.name != "posix" or path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_what_would_be_invalid_changes_nothing(path):
    with pytest.raises(SettingsError, match=r"colours.*Nothing was saved"):
        save_display(path, "colours", "c")
    with pytest.raises(SettingsError, match="must be 1 to 9"):
        save_view(path, SavedView("x", key="F"))
    assert path.read_text() == COMMENTED
    assert list(path.parent.iterdir()) == [path]
    path.write_text("not toml")
    with pytest.raises(SettingsError, match="not valid TOML"):
        save_view(path, SavedView("x"))


def test_a_link_stays_a_link(path, tmp_path):
    link = tmp_path / "config.toml"
    link.symlink_to(path)
    save_view(link, SavedView("x"))
    assert link.is_symlink()
    assert len(read(path, required=True).views) == 2


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can write anywhere")
def test_a_folder_that_cannot_be_written_is_told(path):
    path.parent.chmod(0o500)
    with pytest.raises(SettingsError, match="could not be written"):
        save_view(path, SavedView("x"))


def test_a_file_where_the_folder_should_be_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="Nothing was saved"):
        save_view(tmp_path / "file" / "config.toml", SavedView("x"))


def test_what_would_be_written_is_what_is_written(path):
    profile = NewProfile(ProfileCard("c", "y", "orders"), token_command=["op", "read", "x"])
    answer = profile_change(path, profile)
    before = path.read_text().splitlines()
    save_profile(path, profile)
    after = path.read_text().splitlines()
    assert [line[2:] for line in answer if line[0] == "+" and line[2:]] == [
        line for line in after if line and line not in before
    ]
    assert [line[2:] for line in answer if line[0] == "-" and line[2:]] == ['profile = "a"  # the usual one']
    assert read(path, required=True).profiles["c"].token_command == ["op", "read", "x"]


def test_of_a_new_file_all_lines_are_told(tmp_path):
    path = tmp_path / "new.toml"
    profile = NewProfile(ProfileCard("default", "y"), token_env="OPS_TOKEN")
    answer = profile_change(path, profile)
    save_profile(path, profile)
    assert answer == path.read_text().splitlines()
