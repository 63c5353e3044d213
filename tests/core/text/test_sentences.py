"""The sentences of the program: no dialect, one word for one thing, plurals by the function for them."""

import re
from pathlib import Path

import pytest

from tests.support.harness.sentences import ROOT, sentences

DIALECT = {
    r"\bleaves? it\b(?! (as|where|unfinished))": "cancel",
    r"\ball told\b": "finished",
    r"\b(?:not|none|is|are|was|were) told\b": "known, shown or said by somebody",
    r"\btells\b": "says, gives or shows",
    r"\b(?:nothing|anything) was asked\b": "nothing was read",
    r"\basking for\b": "loading",
    r"\bthaws?\b": "resumes",
    r"\b(?:nothing|something) is noted\b": "there are no notes",
    r"\bno longer at\b": "left",
    r"\bdrops the filter\b": "clears the filter",
    r"\bnothing runs it any more\b": "cannot run",
    r"\bfinished errored\b": "ended in error",
    r"\bthe first time\b(?!:)": "first-time setup",
    r"\bfor the next time\b": "save",
    r"\bwhen the time was up\b": "timed out",
    r"\bcut off; enter\b": "truncated",
    r"\bcounted apart\b": "its own limit",
    r"\bkept 3\b": "retained",
    r"\bmend or\b": "correct",
    r"\btaken apart\b": "parsed",
    r"\bcannot be had\b": "is not available",
    r"\bhas it no more\b": "no longer has it",
    r"\banew\b": "again",
    r"(?<!there )\b(?:is|are) no (?!longer\b)[a-z:]+": "is not a",
    r"\bbears? no\b": "what it cannot say",
    r"\b[a-z]+\(s\)": "a plural by words.counted",
}
"""What a tired reader whose first language it is not would have to read twice, and what says it."""


@pytest.mark.parametrize("phrase", DIALECT)
def test_no_sentence_speaks_dialect(phrase):
    spoken = re.compile(phrase, re.IGNORECASE)
    found = [sentence for sentence in sentences() if spoken.search(sentence.text)]
    assert not found, f"say {DIALECT[phrase]} instead"


def test_listing_holds_the_sentences_of_every_room():
    rooms = {sentence.place.partition("/")[0] for sentence in sentences()}
    assert {"api", "cli", "config", "core", "keymap", "live", "ui"} <= rooms


def test_no_plural_is_made_by_hand():
    """An s is added by `words.counted` alone."""
    by_hand = re.compile(r"""["']s["'] \* \(|["'](?:s|es)["'] if |else ["'](?:s|es)["']""")
    places = [path for path in _sources() if by_hand.search(path.read_text(encoding="utf-8"))]
    assert places == []


def _sources() -> list[Path]:
    return [path for path in sorted(ROOT.rglob("*.py")) if path.name != "words.py"]
