"""What an open instance says beside its timeline: facts in a line, a row's policy and result."""

from typing import Any, Final

from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.json_values import NOT_RECORDED
from wfdash.core.model.retry import attempts_allowed, duration
from wfdash.core.model.step import ABSENT, Attempt, Step, StepConfig
from wfdash.core.model.times import lasted
from wfdash.core.payload.tree import inner_json, size_of, summary
from wfdash.core.text.clean import clean
from wfdash.core.text.words import counted, spoken
from wfdash.core.timeline.outline import ALWAYS_SHOWN, Family
from wfdash.core.why.why import TimeWords

__all__ = ["fold_facts", "policy", "result_line", "span", "summary_facts"]

_SHOWN: Final = 400
"""Characters of a value looked at for a preview."""


def summary_facts(
    detail: Detail | None,
    row: Instance | None,
    at: TimeWords,
    *,
    retention: float | None = None,
    local: bool = False,
) -> list[str]:
    """Short facts, most telling first, to be dropped from the end where room ends."""
    said: list[str] = []
    start = detail.start if detail else (row.started if row else None)
    end = detail.end if detail else (row.ended if row else None)
    queued = detail.queued if detail else (row.created if row else None)
    if start is not None:
        said.append(f"started {at.at(start)} {'UTC' if at.utc else 'local'}")
        if end is not None:
            took = lasted(start, end)
            said += [] if took is None else [f"took {spoken(took)}"]
        # A clock that is behind would tell of a run that has lasted less than nothing.
        elif start <= at.now:
            said.append(f"{at.passed(start)} so far")
    if start is not None and queued is not None and start - queued >= 1:
        said.append(f"queued {spoken(start - queued)}")
    if detail is not None and detail.step_count is not None:
        said.append(counted(detail.step_count, "step"))
    if detail is not None and detail.cron:
        said.append(f"cron {clean(detail.cron, 80)}")
    trigger = (detail.trigger if detail else "") or (row.trigger if row else "")
    if trigger:
        said.append(f"trigger {clean(trigger, 80)}")
    version = (detail.version if detail else "") or (row.version if row else "")
    if version:
        said.append(f"version {clean(version, 8)}")
    if end is not None and (retention is not None or not local):  # a dev session lets nothing expire
        said.append("retained 3 to 30 days" if retention is None else f"retained {spoken(retention)}")
    return said


def policy(config: StepConfig | None, attempts: int = 0) -> str:
    """`attempt 4 of 6 · exponential from 10 s · timeout 10 m`; "" when the answer had none.

    The API's limit counts retries; a person counts attempts, of which there is one more.
    """
    if config is None:
        return ""
    said: list[str] = []
    if config.limit is not None:
        said.append(_attempts(config, attempts))
    if config.delay is not None or config.backoff:
        base = duration(config.delay)
        from_ = (
            f"from {spoken(base)}"
            if base is not None
            else clean(str(config.delay or "a delay that the API does not say"), 80)
        )
        said.append(f"{clean(config.backoff, 40)} {from_}".strip())
    if config.timeout is not None:
        limit = duration(config.timeout)
        said.append(f"timeout {spoken(limit) if limit is not None else clean(str(config.timeout), 80)}")
    if config.sensitive:
        said.append(f"sensitive {clean(config.sensitive, 40)}")
    return " · ".join(said)


def _attempts(config: StepConfig, attempts: int) -> str:
    allowed = attempts_allowed(config)
    if allowed is None:
        return "retried without end"
    if 1 < attempts <= allowed:
        return f"attempt {attempts:,} of {allowed:,}"
    return f"up to {allowed:,} attempts" if allowed > 1 else "not retried"


def fold_facts(group: Family, *, unfolded: bool) -> list[str]:
    """What the steps of one name have in common: `57 failed (the first 20 beneath)`, `median 2 s`."""
    said: list[str] = []
    for number, word, which in ((group.failed, "failed", "first"), (len(group.alive), "open", "last")):
        cut = f" (the {which} {ALWAYS_SHOWN} beneath)" if number > ALWAYS_SHOWN and not unfolded else ""
        said += [f"{number:,} {word}{cut}"] if number else []
    if group.slow:
        said.append(f"{len(group.slow):,} slow, over 3 times the median")
    if group.most:
        named = (("shortest", group.least), ("median", group.middle), ("longest", group.most))
        said += [f"{word} {spoken(took)}" for word, took in named]
    return said


def span(step: Step | Attempt, at: TimeWords) -> str:
    """`14:02:11 → 14:03:28 UTC`."""
    if step.start is None:
        return ""
    zone = "UTC" if at.utc else "local"
    planned = isinstance(step, Step) and step.finished is False
    if step.end is None or planned:
        return f"since {at.at(step.start)} {zone}"
    return f"{at.at(step.start)} → {at.at(step.end)} {zone}"


def result_line(name: str, value: Any) -> str:
    """`output {"seat": "12A"}` on one line, with its size when it is large; "" when there is none.

    JSON string is shown as the JSON it is.
    """
    if value is ABSENT:
        return ""
    if value == NOT_RECORDED:
        return f"{name} not recorded"  # wfdash says so: no text of the instance's
    if isinstance(value, str) and (inner := inner_json(value)) is not ABSENT:
        value = inner
    length = size_of(value, least=1000)
    length_note = f" ({length})" if length else ""
    return f"{name}{length_note} {summary(value, _SHOWN)}"
