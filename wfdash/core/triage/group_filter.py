"""The filter that lists a group of failures."""

import re

from wfdash.core.filter.grammar import And, Term, unparse
from wfdash.core.triage.error_groups import short_version
from wfdash.core.triage.fingerprint import UNNAMED, Fingerprint

__all__ = ["filter_for"]

_LONGEST = 60


def filter_for(mark: Fingerprint) -> str:
    """Terms that the instances of this fingerprint match once they were read.

    Of the message the longest stretch without anything taken out is used.
    """
    terms = [Term("status", ":", ("errored",))]
    if mark.version:
        terms.append(Term("version", ":", (short_version(mark.version),)))
    if mark.step:
        terms.append(Term("step", "~", (mark.step,)))
    longest = max(re.split(r"<\w+>", mark.message), key=len).strip()[:_LONGEST].strip()
    if longest or mark.error != UNNAMED:
        terms.append(Term("error", "~", (longest or mark.error,)))
    return unparse(And(tuple(terms)))
