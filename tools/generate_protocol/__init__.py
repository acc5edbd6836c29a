"""Generate kafka/protocol/messages and kafka/errors/_broker.py from Apache Kafka's own tables."""
