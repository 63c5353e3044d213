"""What people hand over: refused in a sentence before anything is sent."""

import pytest

from wfdash.live.actions.input import NotSendable, propose_id, read_batch, read_payload, read_payloads


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"a":\n 1,}', "line 2, column"),
        ("", "line 1, column 1"),
        ("NaN", "NaN is not a JSON value"),
        ("[" * 100_000, "recursion"),
        ('"' + "x" * 1_100_000 + '"', "1 MiB"),
    ],
)
def test_a_payload_that_cannot_be_sent(text, part):
    with pytest.raises(NotSendable, match=part):
        read_payload(text)


def read(tmp_path, text):
    path = tmp_path / "batch"
    path.write_text(text)
    return [(each.id, each.params, each.has_params) for each in read_batch(path, propose=lambda: "made")]


def test_an_array_and_a_line_each_read_alike(tmp_path):
    wanted = [("a", {"x": 1}, True), ("b", None, False), ("made", None, True)]
    items = ['{"id": "a", "params": {"x": 1}}', '{"instance_id": "b"}', '{"params": null}']
    assert read(tmp_path, f"[{', '.join(items)}]") == wanted
    assert read(tmp_path, "\n".join(items) + "\n\n") == wanted


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"id": "a"}\n\n{"id": ', "^line 3, column 8: Expecting value$"),
        ('{"id": "a"}\n{"id": "a"}', "a twice"),
        ('{"id": "a.b"}', "cannot be an instance id"),
        ('{"name": "a"}', "line 1"),
        ("3", "line 1"),
        ("", "holds no instance"),
    ],
)
def test_a_file_with_one_bad_item_sends_none(tmp_path, text, part):
    with pytest.raises(NotSendable, match=part):
        read(tmp_path, text)


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\u2029"])
def test_a_line_ends_at_a_line_feed_alone(tmp_path, separator):
    assert read(tmp_path, f'{{"id": "a", "params": "x{separator}y"}}\n') == [("a", f"x{separator}y", True)]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(NotSendable, match="could not be read"):
        read_batch(tmp_path / "none", propose=str)


def test_a_proposed_id_is_nobody_elses():
    seen = []

    def taken(given):
        seen.append(given)
        return len(seen) < 3

    assert propose_id("orders", taken) == seen[2]
    assert len(set(seen)) == 3


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "holds no payload"),
        ('{"id": "a"}', "line 1 of .*: a line with its id and its payload for each instance"),
        ('{"id": "a", "payload": 1}\n{"id": "z", "payload": 1}', "line 2 of .*: z is none of those"),
        ('{"id": "a", "payload": 1}\n{"id": "a", "payload": 2}', "holds the id a twice"),
        ('{"id": "a", "payload": 1}\n{', "line 2, column 2: "),
    ],
)
def test_a_file_of_payloads_with_one_bad_item_sends_none(tmp_path, text, part):
    path = tmp_path / "payloads.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotSendable, match=part):
        read_payloads(path, {"a", "b"})
