"""The kinds of step: what the API calls each, where it is asked for by name and where a restart begins."""

from typing import get_args

from wfdash.core.model.step_kind import KINDS, OutputType, RestartType, kind_of


def test_words_of_the_api_are_those_of_the_kinds():
    """Options, plans, requests and types take them from here: a kind that is added is known to all."""
    assert set(get_args(RestartType)) == {kind.restart_type for kind in KINDS.values()} - {None}
    assert set(get_args(OutputType)) == {kind.output_type for kind in KINDS.values()} - {None}
    assert all(kind_of(word).output_type == word for word in get_args(OutputType))


def test_unknown_kind_is_taken_for_nothing():
    kind = kind_of("hibernate")
    assert [kind.keeps_output, kind.runs_code, kind.added] == [False] * 3
    assert (kind.restart_type, kind.rests) == (None, "")
