"""Options of the whole test run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the integration tier asks for; options must be known before it is collected."""
    parser.getgroup("kafka").addoption(
        "--kafka-version",
        metavar="VERSION",
        help="run the integration tests that do not choose a version against this release "
        "of Apache Kafka (default: the newest)",
    )
