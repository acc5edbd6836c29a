"""Produce test/vectors/messages.json.gz: messages as Apache Kafka's own classes write them."""
