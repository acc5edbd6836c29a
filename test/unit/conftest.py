"""What all unit tests share.

Property tests are quick by default, thorough with ``--hypothesis-profile=fuzz``.
"""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from kafka._base.loop_thread import EventLoopThread

# A slow machine is no bug, so no example has a deadline.
settings.register_profile("quick", deadline=None, max_examples=50)
settings.register_profile(
    "fuzz", deadline=None, max_examples=20_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("quick")

# Nearly all objects are pytest's own and live as long as the run: to look them over for garbage as
# often as in a program takes a fifteenth of it.
gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def thread() -> Iterator[EventLoopThread]:
    """Return a loop thread that runs."""
    made = EventLoopThread("kafka-test-io")
    made.start()
    yield made
    made.stop()
