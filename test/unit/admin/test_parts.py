"""When keys that are done go on without the others."""

from __future__ import annotations

from kafka._base.deadline import Deadline
from kafka.admin.operation import Outcome
from kafka.admin.parts import Parts
from kafka.errors import KafkaError, KafkaTimeoutError

LATE = KafkaTimeoutError("late")


def outcome(
    results: dict[str, int], errors: dict[str, KafkaError] | None = None, doubtful: str = ""
) -> Outcome[str, int]:
    return Outcome(results, errors or {}, frozenset(doubtful))


def parts(deadline: float = 60.0) -> Parts[str, int]:
    return Parts(Deadline(deadline), 0.0)


def test_all_keys_go_on_together_as_soon_as_they_are_done() -> None:
    found = outcome({"a": 1}, {"b": LATE})
    assert parts().take(found, 0.1, is_whole=True) == found


def test_keys_that_are_done_wait_for_others_a_while() -> None:
    some = parts()
    found = outcome({"a": 1})
    assert some.take(found, 0.9, is_whole=False) is None
    assert some.wakeup(found) == 1.0
    assert some.take(found, 1.0, is_whole=False) == found


def test_each_key_goes_on_once() -> None:
    some = parts()
    some.take(outcome({"a": 1}), 1.0, is_whole=False)
    assert some.take(outcome({"a": 1}), 5.0, is_whole=False) is None
    assert some.take(outcome({"a": 1, "b": 2}), 5.0, is_whole=True) == outcome({"b": 2})
    assert some.take(outcome({"a": 1, "b": 2}), 6.0, is_whole=True) is None


def test_later_keys_go_on_together_as_well() -> None:
    some = parts()
    some.take(outcome({"a": 1}), 1.5, is_whole=False)
    later = outcome({"a": 1, "b": 2})
    assert some.wakeup(later) == 2.5
    assert some.take(later, 2.4, is_whole=False) is None
    assert some.take(later, 2.5, is_whole=False) == outcome({"b": 2})


def test_nothing_to_go_on_needs_no_wakeup() -> None:
    assert parts().wakeup(outcome({})) is None
    assert parts().take(outcome({}), 2.0, is_whole=False) is None


def test_what_follows_keeps_three_quarters_of_a_short_time() -> None:
    assert parts(deadline=2.0).wakeup(outcome({"a": 1})) == 0.5


def test_doubt_goes_with_its_key() -> None:
    some = parts()
    first = some.take(outcome({"a": 1}, doubtful="ab"), 1.0, is_whole=False)
    assert first == outcome({"a": 1}, doubtful="a")
    assert repr(some) == "<Parts gone_on=1 next_at=2.000>"
