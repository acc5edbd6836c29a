"""The place of the class in kafka-python 2.1 to 2.3."""

from kafka.net.sasl.mechanisms import SaslMechanismPlain

__all__ = ["SaslMechanismPlain"]
