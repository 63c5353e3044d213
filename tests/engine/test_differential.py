"""The same stories, with the same actions, on the real engine and in the simulator, field by field."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from tests.engine.engine import Engine
from tests.engine.sides import Json, Real, Simulated
from tests.engine.stories import STORIES

# What they are known to differ in


@dataclass(frozen=True)
class Difference:
    """`level` turns the cloud's telling into the local one's; it must have something to do in some story."""

    what: str
    reason: str
    level: Callable[[Json], None]


def _waiting(answer: Json) -> None:
    answer["status"] = (
        answer["status"].replace("waiting", "running") if answer["status"] == "waiting" else answer["status"]
    )
    answer["heard"] = ["running" if word == "waiting" else word for word in answer["heard"]]


def _texts(answer: Json) -> None:
    for place in (answer, *answer["steps"]):
        if isinstance(place.get("output"), str):
            place["output"] = json.loads(place["output"])


def _extra_keys(answer: Json) -> None:
    for key in ("success", "trigger", "versionId", "rollback"):
        del answer[key]
    for step in answer["steps"]:
        step.pop("event_type", None)


def _extra_steps(answer: Json) -> None:
    answer["steps"] = [step for step in answer["steps"] if step["type"] not in ("termination", "rollback")]


def _planned_ends(answer: Json) -> None:
    for step in answer["steps"]:
        if step.get("finished") is False:
            step["ended"] = False


def _null_outputs(answer: Json) -> None:
    for step in answer["steps"]:
        if step["type"] == "step" and step["output"] is None:
            del step["output"]


def _delay(answer: Json) -> None:
    for step in answer["steps"]:
        retries = step.get("config", {}).get("retries", {})
        if retries.get("delay") == "10 seconds":
            retries["delay"] = 1000


def _queue(answer: Json) -> None:
    answer["heard"] = ["running" if word == "queued" else word for word in answer["heard"]]


def _rolling(answer: Json) -> None:
    answer["heard"] = ["terminated" if word == "rollingBack" else word for word in answer["heard"]]


def _refusals(answer: Json) -> None:
    local = {
        10401: "(10001, 'WorkflowError: (instance.cannot_terminate) Cannot terminate instance since its on a "
        "finite state')",
        10402: '(10001, \'WorkflowError: (instance.cannot_restart) Step "load page-1" not found in execution '
        "history')",
    }
    answer["heard"] = [
        next((text for code, text in local.items() if word.startswith(f"({code},")), word)
        for word in answer["heard"]
    ]


DIFFERENCES = [
    Difference(
        "waiting", "the local engine says running while all sleeps, waits or is between attempts", _waiting
    ),
    Difference("outputs", "the cloud gives outputs as JSON text, the local engine as values", _texts),
    Difference(
        "keys", "success, trigger, versionId, rollback and event_type are the cloud's alone", _extra_keys
    ),
    Difference("steps", "only the cloud logs terminations and rollbacks", _extra_steps),
    Difference("ends", "an open sleep or wait has its planned end in the cloud, null locally", _planned_ends),
    Difference(
        "nothing", "a step that returned nothing has output null in the cloud, no key locally", _null_outputs
    ),
    Difference("delay", "the default delay is 10 s in the cloud, 1 s locally", _delay),
    Difference("queue", "the cloud answers a restart with queued, the local engine has begun", _queue),
    Difference("rollback", "the cloud answers at once, the local engine after the last handler", _rolling),
    Difference("codes", "the local engine puts every refusal under 10001", _refusals),
]


# Comparing


def _without_times(detail: Json, seen: list[Any]) -> Json:
    """The detail with each moment replaced by whether there is one, and what the actions were answered."""

    def timeless(thing: Json) -> Json:
        return {
            {"end": "ended", "start": "started"}.get(key, key): value is not None
            if key in ("start", "end")
            else value
            for key, value in thing.items()
            if key != "queued"
        }

    answer = timeless(detail)
    answer["steps"] = [timeless(step) for step in detail["steps"]]
    for step in answer["steps"]:
        if "attempts" in step:
            step["attempts"] = [timeless(each) for each in step["attempts"]]
    answer["heard"] = [word[1] if isinstance(word, tuple) and not word[0] else str(word) for word in seen]
    return json.loads(json.dumps(answer))


def _level_outputs(answer: Json) -> None:
    """What the two sides cannot share: the moment in a page, the stamp in an event, the name of a gate."""
    answer["params"].pop("gate", None)
    for step in answer["steps"]:
        if isinstance(step.get("output"), dict):
            step["output"].pop("at", None)
            step["output"].pop("timestamp", None)


@pytest.fixture(scope="module")
def answers_of(engine: Engine) -> Callable[[str], tuple[Json, Json]]:
    """`told(story)`: what the real engine and the simulator make of it; each story is told once."""

    @cache
    def tell(name: str) -> tuple[Json, Json]:
        both = []
        for side in (Real(engine), Simulated()):
            events = STORIES[name](side)
            both.append(_without_times(side.detail(), events))
        return both[0], both[1]

    return tell


@pytest.mark.parametrize("story", list(STORIES))
def test_the_same_story(answers_of, story):
    real, simulated = map(deepcopy, answers_of(story))
    for difference in DIFFERENCES:
        difference.level(simulated)
    _level_outputs(real)
    _level_outputs(simulated)
    assert simulated == real


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda each: each.what)
def test_every_difference_is_one(answers_of, difference):
    """Without it some story would not be the same: the table excuses nothing that does not happen."""
    for story in STORIES:
        _, simulated = answers_of(story)
        changed = deepcopy(simulated)
        difference.level(changed)
        if changed != simulated:
            return
    raise AssertionError(f"{difference.what} makes no difference any more: {difference.reason}")
