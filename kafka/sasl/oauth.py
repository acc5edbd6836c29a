"""The place of `kafka.net.sasl.oauth` in kafka-python 2.1 to 2.3."""

from kafka.net.sasl.mechanisms import SaslMechanismOAuth
from kafka.net.sasl.oauth import AbstractTokenProvider

__all__ = ["AbstractTokenProvider", "SaslMechanismOAuth"]
