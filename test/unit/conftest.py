"""Profiles of the property tests: quick by default, thorough with ``--hypothesis-profile=fuzz``."""

from hypothesis import HealthCheck, settings

# A slow machine is no bug, so no example has a deadline.
settings.register_profile("quick", deadline=None, max_examples=50)
settings.register_profile(
    "fuzz", deadline=None, max_examples=20_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("quick")
