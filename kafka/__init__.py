"""Pure-Python client for Apache Kafka."""

from kafka.version import __version__

__all__ = ["__version__"]
