"""The config file: what is taken, what is refused in which words, and the example that shows it all."""

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from msgspec.inspect import is_struct_type
from msgspec.structs import fields

from wfdash.config.example import example
from wfdash.config.file import ConfigError, line_of, parse, read
from wfdash.config.schema import CommandEntry, Config, HookEntry, Profile, SavedView
from wfdash.config.writer import save_view
from wfdash.keymap.actions import ACTIONS, split_keys

HERE = Path(__file__).parent
EXAMPLE = HERE.parent.parent / "config.example.toml"


@pytest.mark.parametrize("path", sorted((HERE / "valid").glob("*.toml")), ids=lambda path: path.stem)
def test_valid(path):
    assert isinstance(read(path, required=True), Config)


@pytest.mark.parametrize("path", sorted((HERE / "invalid").glob("*.toml")), ids=lambda path: path.stem)
def test_invalid(path):
    """The first line of each file is the complaint that is expected, after the file's name."""
    expected = path.read_text().splitlines()[0].removeprefix("# ")
    with pytest.raises(ConfigError) as refused:
        read(path, required=True)
    complaint = str(refused.value)
    assert str(path) in complaint
    assert expected in complaint
    assert complaint.endswith(".")  # a sentence
    assert "0xDEADBEEF" not in complaint


def test_everything_is_read():
    config = read(HERE / "valid" / "everything.toml", required=True)
    assert config is not None
    assert config.profiles["prod"].token_command == ["pass", "cloudflare"]
    assert config.profiles["dev session"].local == 8799
    assert (config.poll.interval, config.poll.share) == (5, 0.25)
    assert (config.actions.pace, config.actions.parallel) == (30, 10)
    assert config.display.columns == ["id", "status", "blocked"]
    assert (config.record.on, config.record.payloads, config.record.size) == (False, True, 50)
    assert [(view.name, view.key) for view in config.views] == [("failed", "1"), ("mine", "2")]
    assert config.retention == {"orders": "7d", "with space": "36h"}


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[poll]\r\ninterval = 7\r\n")
    config = read(path, required=True)
    assert config is not None
    assert config.poll.interval == 7
    save_view(path, SavedView("mine"))
    assert [view.name for view in read(path, required=True).views] == ["mine"]


def test_no_file_is_none_unless_it_was_asked_for(tmp_path):
    assert read(tmp_path / "config.toml", required=False) is None
    with pytest.raises(ConfigError, match="There is no config file"):
        read(tmp_path / "config.toml", required=True)
    with pytest.raises(ConfigError, match="could not be read"):
        read(tmp_path, required=False)
    (tmp_path / "latin").write_bytes(b'profile = "\xe9"')
    with pytest.raises(ConfigError, match="not UTF-8"):
        read(tmp_path / "latin", required=True)


def test_the_example_is_complete_and_equal_to_the_defaults():
    config = parse(EXAMPLE.read_text(), "config.example.toml")
    assert config == Config(
        profiles={"example": Profile()},
        views=[SavedView("example")],
        commands=[CommandEntry("example")],
        hooks=[HookEntry()],
        keys={action.id: ",".join(action.keys) for action in ACTIONS},
    )
    table = tomllib.loads(EXAMPLE.read_text())
    written = {**table, "profiles": table["profiles"]["example"], "views": table["views"][0]}
    written["commands"], written["hooks"] = table["commands"][0], table["hooks"][0]
    assert missing(Config, written) == []
    for action in ACTIONS:
        assert split_keys(config.keys[action.id]) == action.keys


def missing(model, table, prefix=""):
    """The dotted names of the keys that a table leaves out."""
    names = []
    hints = get_type_hints(model)
    for field in fields(model):
        if field.name not in table:
            names.append(prefix + field.name)
            continue
        inner = next(
            (kind for kind in (hints[field.name], *get_args(hints[field.name])) if is_struct_type(kind)), None
        )
        if inner is not None:
            names += missing(inner, table[field.name], f"{prefix}{field.name}.")
    return names


def test_every_key_of_the_example_has_a_comment():
    lines = EXAMPLE.read_text().splitlines()
    for before, line in pairwise(lines):
        if "=" in line and not line.startswith("#"):
            assert before.startswith("# "), line


def test_the_example_is_what_the_registry_of_keys_makes_it():
    assert EXAMPLE.read_text() == example(), "python -m wfdash.config.example > config.example.toml"


def test_lines_are_found_through_tables_dots_and_quotes():
    text = 'a = 1\n[b]\nc.d = 2\n["x y".z]\nk = 3\n[[v]]\nn = 1\n[[v]]\nn = 2\n'
    assert line_of(text, ("a",)) == 1
    assert line_of(text, ("b", "c", "d")) == 3
    assert line_of(text, ("x y", "z", "k")) == 5
    assert line_of(text, ("v", 1, "n")) == 9
    assert line_of(text, ("v", 1, "absent")) == 8
    assert line_of(text, ("nowhere",)) is None
