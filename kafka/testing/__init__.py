"""A Kafka-compatible cluster for tests, in this process, without Java."""
