"""The package offers what the layers above use."""

from __future__ import annotations

import kafka.subscription


def test_every_name_of_the_package_is_defined_below_it() -> None:
    homes = {
        name: getattr(kafka.subscription, name).__module__ for name in kafka.subscription.__all__
    }
    assert all(home.startswith("kafka.subscription.") for home in homes.values()), homes
