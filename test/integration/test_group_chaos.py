"""Groups whose members and brokers are killed and stopped; ``tox -e chaos`` does it for longer."""

from __future__ import annotations

import pytest

from test.chaos.story import Story

SECONDS = 20


@pytest.mark.timeout(300)
@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_no_record_is_lost_and_every_partition_is_read_again(
    kafka_version: str, protocol: str
) -> None:
    outcome = Story(kafka_version, protocol, SECONDS, seed=0, tell=print).run()
    print(outcome)
    assert outcome.lost == []
