"""The place of `kafka.net.sasl.abc` in kafka-python 2.1 to 2.3."""

from kafka.net.sasl.abc import SaslMechanism

__all__ = ["SaslMechanism"]
