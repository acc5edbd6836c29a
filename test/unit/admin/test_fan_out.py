"""What fan-outs return: the shape of kafka-python, and who said what."""

from __future__ import annotations

import json

from kafka.admin.fan_out import DictOfAnswers, ListOfAnswers
from kafka.admin.operation import Outcome
from kafka.errors import KafkaError, KafkaTimeoutError

LATE = KafkaTimeoutError("broker 1: no answer")
ERRORS: dict[int, KafkaError] = {1: LATE}


def test_list_is_a_list_with_the_answers_beside() -> None:
    found = ListOfAnswers(["a", "b"], Outcome({0: ["a"], 2: ["b"]}, ERRORS, frozenset()))
    assert found == ["a", "b"]
    assert json.dumps(found) == '["a", "b"]'
    assert found.results == {0: ["a"], 2: ["b"]}
    assert found.errors == {1: LATE}


def test_dict_is_a_dict_with_the_errors_beside() -> None:
    answers = {0: ["a"], 2: ["b"]}
    found = DictOfAnswers(answers, Outcome(answers, ERRORS, frozenset()))
    assert found == {0: ["a"], 2: ["b"]}
    assert found.results == found
    assert found.errors == {1: LATE}
