"""How the command line is read."""

import pytest

from wfdash.cli import run
from wfdash.cli.commands import change
from wfdash.cli.exits import UsageError
from wfdash.cli.options import COMMANDS
from wfdash.cli.parser import parse
from wfdash.core.verbs.verb import VERBS


def test_options_stand_before_or_after_the_command():
    before = parse(["-w", "orders", "--account-id", "a1", "list", "--limit", "5"])
    after = parse(["list", "--limit", "5", "-w", "orders", "--account-id=a1"])
    assert vars(before) == vars(after)
    assert (before.command, before.workflow, before.account_id, before.limit) == ("list", "orders", "a1", 5)


@pytest.mark.parametrize(
    ("arguments", "local", "command"),
    [
        (["--local", "list"], "", "list"),
        (["list", "--local"], "", "list"),
        (["--local", "8799", "list"], "8799", "list"),
        (["--local", "http://127.0.0.1:8799", "list"], "http://127.0.0.1:8799", "list"),
        (["--local=8799"], "8799", ""),
        (["list"], None, "list"),
        (["show", "--local", "order-1"], "", "show"),
    ],
)
def test_local_takes_only_a_url_or_a_port(arguments, local, command):
    parsed = parse(arguments)
    assert (parsed.local, parsed.command) == (local, command)


def test_a_filter_may_begin_with_a_minus():
    parsed = parse(["list", "--filter", "-status:complete", "--json"])
    assert (parsed.filter, parsed.json) == ("-status:complete", True)
    with pytest.raises(UsageError, match="expected one argument"):
        parse(["list", "--filter", "--json"])


def test_ids_and_options_of_the_writing_commands_mix():
    parsed = parse(["terminate", "a", "--yes", "b", "-w", "orders", "*/5 * * * *-1786001400000"])
    assert parsed.ids == ["a", "b", "*/5 * * * *-1786001400000"]
    assert parsed.yes
    assert parse(["pause", "-", "--yes"]).ids == ["-"]


def test_behind_two_dashes_everything_is_an_id():
    assert parse(["pause", "--yes", "a", "--", "-b", "--yes", "-", "--local"]).ids == [
        "a", "-b", "--yes", "-", "--local",
    ]  # fmt: skip
    assert parse(["show", "-w", "orders", "--", "-i"]).ids == ["-i"]
    assert parse(["-w", "orders", "--", "pause", "-b"]).ids == ["-b"]
    assert parse(["open", "--", "a.json"]).file == "a.json"
    assert parse(["--read-only", "--"]).command == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lst"], "did you mean list"),
        (["list", "--lim", "5"], "--lim 5; did you mean --limit"),
        (["--filtr", "x"], "unrecognized arguments: --filtr x; did you mean --filter"),
        (["--filtr", "list"], "--filtr; did you mean --filter"),
        (["--zzzz"], "unrecognized arguments: --zzzz$"),
        (["list", "--limit", "-1"], "limit"),
        (["list", "--limit", "many"], "not a whole number"),
        (["show", "--filter", "x"], "--filter"),
        (["pause", "a", "--rollback"], "--rollback"),
        (["restart", "a", "--count", "0"], "counts from 1"),
        (["send", "a"], "--type"),
        (["--interval", "0.5"], "1 to 300"),
        (["tail", "--timeout", "soon"], "is not a duration"),
        (["record", "--for", "0s"], "is zero"),
        (["record", "--for", "5"], "'5' has no unit; write 90s, 10m, 2h or 1d$"),
        (["history", "--since", "24"], "has no unit"),
        (["logs", "--since", "0"], "is zero"),
        (["history", "--since", "0m"], "is zero"),
        (["redrive", "--within", "0s"], "is zero"),
        (["demo", "--serve", "99999"], "not a port"),
        (["create", "--location-hint", "moon"], "location-hint"),
        ([""], "no command ''$"),
        (["list", "-w", ""], "empty"),
        (["tail", "-i", " "], "empty"),
        (["--profile", "", "list"], "empty"),
        (["create", "--id", ""], "empty"),
        (["create", "--batch="], "empty"),
        (["restart", "a", "--yes", "--from-step", ""], "empty"),
        (["pause", "-i", "a", "-i", "b", "--yes"], "given twice"),
        (["list", "\x1b[2J"], "unrecognized"),
        (["list", "--", "a"], "unrecognized"),
        (["--", "lst"], "did you mean list"),
        (["pause", "-b", "--yes"], "behind --"),
        (["show", "-i", "-rf-x"], "expected one argument .*--instance=-"),
        (["restart", "a", "--from-step", "-x"], "expected one argument .*--from-step=-"),
    ],
)
def test_what_is_refused(arguments, words):
    with pytest.raises(UsageError, match=words):
        parse(arguments)


def test_every_command_has_help(capsys):
    for command in COMMANDS:
        with pytest.raises(SystemExit) as leaving:
            parse([command, "--help"] if command else ["--help"])
        assert leaving.value.code == 0
        assert "--workflow" in capsys.readouterr().out


def test_durations():
    assert parse(["tail", "--timeout", "10m"]).timeout == 600
    assert parse(["tail", "--timeout", "90"]).timeout == 90


def test_a_limit_may_be_as_large_as_anybody_writes_it():
    assert parse(["list", "--limit", "1000000000000"]).limit == 10**12


def test_mouse_is_asked_for_or_refused_or_left_open():
    assert parse([]).mouse is None
    assert parse(["--mouse"]).mouse is True
    assert parse(["--no-mouse"]).mouse is False


def test_command_without_a_module_of_its_own_is_a_verb():
    """So that a verb becomes a command by its record and its words alone."""
    elsewhere = {"", "demo", "replay", "open", "setup", "completion", "man", "doctor"}
    verbs = set(COMMANDS) - elsewhere - set(run._MODULES)
    assert verbs >= {"pause", "resume"}
    for command in verbs:
        parsed = parse([command, "order-1", "--yes", *(["--type", "paid"] if command == "send" else [])])
        change.prepare(parsed)
        assert parsed.verb in VERBS
