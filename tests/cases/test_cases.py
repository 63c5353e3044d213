"""Situations as the API tells them, each a file, held against what wfdash says of them."""

import json
import re
from pathlib import Path

import pytest

from wfdash.cli.commands.show import sheet
from wfdash.core.filter.detail_fields import read_fields
from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.grammar import QueryError
from wfdash.core.filter.query import parse
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import parse_time
from wfdash.core.triage.error_groups import Sample, blame, filter_for, group
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.core.triage.headline import Evidence, headline
from wfdash.core.why.context import why_context
from wfdash.core.why.failure import failing_step
from wfdash.core.why.step_names import base_name
from wfdash.core.why.why import TimeWords

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.json"))


class Case:
    """One file, read as the program reads an answer."""

    def __init__(self, path):
        self.file = json.loads(path.read_text(encoding="utf-8"))
        self.now = parse_time(self.file["now"])
        self.right = self.file["right"]
        self.rows = {item["id"]: Instance.from_item(item) for item in self.file["rows"]}
        self.details = {
            identity: read_detail("orders", identity, result)
            for identity, result in self.file["details"].items()
        }

    def why(self, identity):
        detail, kept = self.details[identity], self.file.get("default_retention")
        context = why_context(detail, local=False, default_retention=kept)
        return context.why(detail, now=self.now, row=self.rows.get(identity))

    def groups(self):
        errored = [detail for detail in self.details.values() if detail.status == "errored"]
        return group(Sample(detail.id, detail.end, fingerprint(detail)) for detail in errored)

    def evidence(self):
        read = sum(found.count for found in self.groups())
        rows = list(self.rows.values())
        deployed = {version: parse_time(at) for version, at in self.file.get("deployed", {}).items()}
        return Evidence(read, read, blame(rows, self.now), rows, deployed)

    def causes(self):
        return {group.fingerprint.cause: group for group in self.groups()}

    def shown(self, identity):
        detail = self.details[identity]
        return "\n".join(sheet(detail, self.why(identity).sentence, TimeWords(self.now)))

    def matching(self, text):
        read = {identity: read_fields(detail) for identity, detail in self.details.items()}
        query = parse(text)
        return [
            row.id for row in self.rows.values() if query.match(row, self.now, MatchContext(details=read))
        ]


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def case(request):
    return Case(request.param)


def test_sentence_and_cell_say_what_is_right(case):
    for identity, parts in case.right.get("sentence", {}).items():
        for part in parts:
            assert part in case.why(identity).sentence
    for identity, parts in case.right.get("cell", {}).items():
        for part in parts:
            assert part in case.why(identity).short
    for identity, stuck in case.right.get("stuck", {}).items():
        assert case.why(identity).looks_stuck is stuck


def test_nothing_false_is_said(case):
    for identity, parts in case.right.get("never", {}).items():
        for part in parts:
            assert part not in case.why(identity).sentence
            assert part not in case.why(identity).short
    for identity in case.details:
        said = case.why(identity).sentence
        assert not re.search(r"\bNone\b|\bnan\b|\bnull\b|\binf\b", said), said


def test_causes_are_as_many_as_there_are(case):
    causes = case.causes()
    if "causes" in case.right:
        assert len(causes) == case.right["causes"]
    for part in case.right.get("cause", {}).get("*", ()):
        assert all(part in " ".join(cause) for cause in causes)
    if causes:
        said = headline(case.groups(), case.evidence(), now=case.now).sentence
        assert said
        for part in case.right.get("headline", ()):
            assert part in said


def test_a_group_s_filter_finds_its_instances(case):
    for found in case.groups():
        assert set(case.matching(filter_for(found.fingerprint))) >= {sample.id for sample in found.samples}


def test_show_prints_it_whole(case):
    for identity in case.details:
        shown = case.shown(identity)
        for part in case.right.get("show", {}).get(identity, ()):
            assert part in shown
        for part in case.right.get("show_never", {}).get(identity, ()):
            assert part not in shown


def test_failing_step_is_the_right_one(case):
    for identity, name in case.right.get("step", {}).items():
        step = failing_step(case.details[identity])
        assert step is not None
        assert base_name(step.name) == name


def test_filters_find_or_are_refused(case):
    for text, found in case.right.get("filter", {}).items():
        assert case.matching(text) == found
    for text, spelling in case.right.get("refused", {}).items():
        with pytest.raises(QueryError) as wrong:
            parse(text)
        assert spelling in wrong.value.sentence


def test_every_case_is_checked_for_something():
    assert len(FILES) >= 60
    keys = ("sentence", "cell", "causes", "stuck", "never", "show", "refused")
    for path in FILES:
        assert any(json.loads(path.read_text(encoding="utf-8"))["right"].get(key) is not None for key in keys)
