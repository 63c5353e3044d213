"""Exports keep the raw values, and stay what their format says."""

import csv
import io
import json

from hypothesis import example, given
from hypothesis import strategies as st

from wfdash.core.handoff.export import COLUMNS, instance_json, instance_markdown, table_csv, table_ndjson
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance

PREFIXES = [*"=+-@＝＋－＠﹦﹢﹣﹫\N{MINUS SIGN}", "\t", "\r", "\n"]
BLANKS = st.text(" \u00a0\u3000\u200b\ufeff\u2060\t\n\x00\u0300", max_size=4)
HOSTILE = st.text(st.characters(), min_size=1, max_size=30)


@given(st.lists(HOSTILE, max_size=5))
def test_ndjson_gives_every_id_back(identities):
    lines = "".join(table_ndjson(Instance(identity, "running") for identity in identities))
    assert lines.isascii()
    assert [json.loads(line)["id"] for line in lines.splitlines()] == identities


def csv_ids(identities):
    text = "".join(table_csv(Instance(identity, "errored") for identity in identities))
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header == list(COLUMNS)
    return [row[0] for row in rows]


@given(st.lists(HOSTILE, max_size=5))
def test_csv_reads_back_less_an_apostrophe_before_a_formula(identities):
    for identity, read in zip(identities, csv_ids(identities), strict=True):
        assert read in (identity, "'" + identity)
        assert read != identity or not read.strip().startswith(tuple(PREFIXES))
        if identity[0].isalnum():
            assert read == identity


@given(BLANKS, st.sampled_from(PREFIXES), HOSTILE)
@example("", "=", 'HYPERLINK("x")')
@example(" ", "=", "1")
@example("", "＝", "cmd|' /C calc'!A0")
def test_a_cell_is_never_a_formula(blanks, prefix, rest):
    identity = blanks + prefix + rest
    guarded = ["'" + identity]
    assert csv_ids([identity]) == guarded if not prefix.isspace() or not blanks else True


@given(HOSTILE)
def test_a_line_parted_at_another_sign_holds_no_formula_either(rest):
    _, line = table_csv([Instance(f"x;=1;{rest}", "errored")])
    assert next(csv.reader([line], delimiter=";"))[0].startswith("x;=1;")


def test_instance_json_holds_the_answer_and_full_outputs():
    result = {"status": "complete", "odd": [None, 1.5, "\x1b[31m"], "steps": []}
    detail = read_detail("orders", "a", result)
    read = json.loads(instance_json(detail, why="finished", outputs={3: {"all": "of it"}}, now=0.0))
    assert read == {
        "workflow": "orders",
        "id": "a",
        "at": "1970-01-01T00:00:00.000Z",
        "why": "finished",
        "result": result,
        "step_outputs": {"3": {"all": "of it"}},
    }


def test_instance_markdown_cannot_be_broken_out_of():
    detail = read_detail("orders", "a", {"status": "errored", "params": {"x": "```\n# not a heading"}})
    text = instance_markdown(detail, why="a *b* \x1b[31m", timeline=["``` row", "row"], now=1_800_000_000.0)
    assert "- told: 2027-01-15T08:00:00.000Z" in text
    assert "\x1b" not in text
    assert "\\*b\\*" in text
    assert text.count("````") == 4
    assert "\n# not a heading" not in text
