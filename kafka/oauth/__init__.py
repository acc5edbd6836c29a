"""The place of `kafka.net.sasl.oauth` in kafka-python 2.0."""

from kafka.net.sasl.oauth import AbstractTokenProvider

__all__ = ["AbstractTokenProvider"]
