"""The embedded cluster against Apache Kafka: the same requests, the answers compared by field."""
