"""The place of the class in kafka-python 2.1 to 2.3."""

from kafka.net.sasl.mechanisms import SaslMechanismScram

__all__ = ["SaslMechanismScram"]
