"""What is refused before anything is asked or sent: exit 2, one reason, nothing on stdout."""

import json
from collections.abc import Callable

import pytest

from wfdash.cli.main import run

Refuse = Callable[..., str]


@pytest.fixture
def refuse(capsys) -> Refuse:
    """`refuse("list", "--filter", "x:y")` gives the words on stderr."""

    def refused(*arguments: str) -> str:
        assert run(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "Traceback" not in err
        return err

    return refused


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pause"], "no instance id"),
        (["terminate", "a"], "--yes"),
        (["terminate", "..", "--yes"], "not an instance id"),
        (["show", "-w", "wf", ".."], "not an instance id"),
        (["show", "-w", "wf", "-i", "."], "not an instance id"),
        (["tail", "-w", "wf", "-i", ".."], "not an instance id"),
        (["send", "a", "--type", "order.paid", "--yes"], "Dots are not allowed"),
        (["send", "a", "--type", "paid", "--yes", "--payload", '{"a": 1,\n "b" 2}'], "line 2, column 6"),
        (["send", "a", "--type", "paid", "--yes", "--payload", "NaN"], "NaN"),
        (["send", "a", "--type", "paid", "--yes", "--payload", "@/no/such/file"], "could not be read"),
        (["restart", "a", "--yes", "--count", "2"], "--from-step"),
        (["create", "--id", "-bad"], "--id"),
        (["create", "--id", "no spaces please"], "instance id"),
        (["create", "--error-retention", "soon"], "--error-retention: 'soon' is not a retention"),
        (["create", "--params", "{"], "line 1, column 2"),
        (["create", "--params", "[" * 100_000], "JSON"),
        (["create", "--params", "1e999"], "JSON"),
        (["create", "--params", '"\udcff"'], "UTF-8"),
        (["create", "--params", "@"], "no file is named after @"),
        (["create", "--batch", "/no/such/file"], "could not be read"),
        (["create", "--batch", "x", "--id", "y"], "--batch"),
        (["create", "--timeout", "5s"], "--wait"),
        (["create", "-i", "mine"], "--id"),
        (["list", "-i", "order-1"], "wfdash show"),
    ],
)
def test_refused_before_anything_is_asked(refuse, arguments, words):
    assert words in refuse(*arguments)


def test_a_payload_over_a_mebibyte_is_refused_before_sending(refuse, tmp_path):
    large = tmp_path / "large.json"
    large.write_text(json.dumps("é" * 600_000), encoding="utf-8")
    words = refuse("send", "a", "--type", "paid", "--yes", "--payload", f"@{large}")
    assert "1 MiB" in words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"instance_id": "a"}, {"instance_id": "a"}]', "twice"),
        ('[{"instance_id": "a", "parms": 1}]', "unknown parms"),
        ('{"id": "a"}\n{"id": }\n', "line 2, column 8"),
        ('[{"instance_retention": {"success_retension": "1 day"}}]', "unknown success_retension"),
        ('[{"instance_retention": {"error_retention": "soon"}}]', "entry 1: 'soon' is not a retention"),
        ('[{"instance_retention": {"error_retention": [1]}}]', "entry 1: [1] is not a retention"),
        ("[]", "1 to 100"),
        (json.dumps([{}] * 101), "1 to 100"),
        ("[1]", "entry 1"),
        ('[{"id": "a b"}]', "entry 1"),
    ],
)
def test_batches_that_are_refused_unsent(refuse, tmp_path, text, words):
    batch = tmp_path / "batch.json"
    batch.write_text(text)
    assert words in refuse("create", "--batch", str(batch))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--until", "final"],
        ["-i", "a", "--until", "compelte"],
        ["-i", "a", "--timeout", "5s"],
        ["--filter", "error~x"],
        ["-i", "a", "--filter", "x"],
    ],
)
def test_what_tail_cannot_wait_for(refuse, arguments):
    assert refuse("tail", *arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--filter", "foo:bar"], "  foo:bar\n  ^\n"),
        (["--filter", "marked"], "marked"),
        (["--limit", "x"], "whole number"),
        (["--no-such"], "--no-such"),
    ],
)
def test_what_list_refuses_before_it_looks_for_credentials(refuse, arguments, words):
    assert words in refuse("list", *arguments)
