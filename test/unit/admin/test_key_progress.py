"""What has become of the attempts of one key."""

from __future__ import annotations

import pytest

from kafka._base.retry import RetryState
from kafka.admin.call_states import KeyState
from kafka.admin.key_progress import KeyProgress
from kafka.admin.operation import Target
from kafka.errors import KafkaConnectionError, NodeNotReadyError, NotControllerError

LOST = KafkaConnectionError("lost")


def test_last_error_is_kept() -> None:
    progress = KeyProgress(1)
    progress.note(LOST, 1, 0.0)
    moved = NotControllerError("moved")
    progress.note(moved, 2, 0.0)
    assert (progress.error, progress.error_node) == (moved, 2)


def test_node_that_is_not_tried_yet_does_not_hide_why() -> None:
    progress = KeyProgress(1)
    progress.note(NodeNotReadyError("later"), 1, 0.0)
    progress.note(LOST, 1, 0.0)
    progress.note(NodeNotReadyError("later"), 2, 0.0)
    assert (progress.error, progress.error_node) == (LOST, 1)


@pytest.mark.parametrize(
    ("state", "finds", "text"),
    [
        (KeyState.UNPLACED, "the leader", "topic a: no answer in 2.0 s; the leader was not found"),
        (KeyState.SOUGHT, "the leader", "topic a: no answer in 2.0 s; the leader was not found"),
        (KeyState.IN_FLIGHT, "the leader", "topic a: no answer in 2.0 s from node 3"),
        (KeyState.IN_FLIGHT, None, "topic a: no answer in 2.0 s from node 3"),
    ],
)
def test_late_key_names_what_it_waited_for(state: KeyState, finds: str | None, text: str) -> None:
    progress = KeyProgress(1)
    progress.state, progress.target = state, Target(3)
    assert progress.too_late("topic a", 2.0, finds).args == (text,)


def test_late_key_of_any_node_names_none() -> None:
    assert KeyProgress(1).too_late("topic a", 2.0, None).args == ("topic a: no answer in 2.0 s",)


@pytest.mark.parametrize(
    ("attempts", "node", "text"),
    [
        (1, 2, "after 1 attempt: KafkaConnectionError from node 2: lost"),
        (3, None, "after 3 attempts: KafkaConnectionError: lost"),
    ],
)
def test_late_key_names_attempts_error_and_node(attempts: int, node: int | None, text: str) -> None:
    progress = KeyProgress(1)
    progress.retry = RetryState(attempts)
    progress.note(LOST, node, 0.0)
    late = progress.too_late("topic a", 2.0, None)
    assert late.args == (f"topic a: no answer in 2.0 s, {text}",)
    assert late.__cause__ is LOST


def test_errors_of_one_class_last_while_they_come_in_a_row() -> None:
    progress = KeyProgress(1)
    assert progress.lasted(LOST, 5.0) == 0.0
    progress.note(LOST, 1, 5.0)
    progress.note(LOST, 1, 6.0)
    assert progress.lasted(LOST, 7.0) == 2.0
    progress.note(NodeNotReadyError("later"), 1, 7.0)
    assert progress.lasted(LOST, 8.0) == 3.0
    moved = NotControllerError("moved")
    assert progress.lasted(moved, 8.0) == 0.0
    progress.note(moved, 1, 8.0)
    assert progress.lasted(LOST, 9.0) == 0.0
