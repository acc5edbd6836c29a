"""Partitioners: which partition a record goes to."""

from kafka.partitioner.abc import Partitioner
from kafka.partitioner.default import DefaultPartitioner
from kafka.partitioner.hashing import murmur2
from kafka.partitioner.sticky import StickyPartitioner

__all__ = ["DefaultPartitioner", "Partitioner", "StickyPartitioner", "murmur2"]
