"""The structures of kafka-python's module of this name, made on first use."""

from kafka.protocol.legacy.offers import offer

__getattr__, __dir__ = offer(__name__)
