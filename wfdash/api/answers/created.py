"""What a create answers, held against what was asked: only an instance that is named was made."""

from collections.abc import Sequence

from wfdash.api.answers.envelope import rows
from wfdash.api.answers.rows import read_created
from wfdash.api.errors import BadAnswer
from wfdash.api.http.answer import Answer
from wfdash.api.interface import Created, NewInstance

__all__ = ["read_new_instances"]


def read_new_instances(result: object, answer: Answer, new: Sequence[NewInstance]) -> list[Created]:
    """The instances of `result`. Raises BadAnswer unless that is a list of such as were asked for."""
    created = [read_created(item) for item in rows(result)[0]]
    asked = {instance.id for instance in new}
    stranger = next((answered.id for answered in created if answered.id not in asked), None)
    if isinstance(result, list) and len(created) == len(result) and stranger is None:
        return created
    sentence = (
        f"with an instance {stranger} that was not asked for" if stranger else "without saying what it made"
    )
    raise BadAnswer(f"The server answered {answer.http} {sentence}.", http=answer.http, ray=answer.ray)
