"""The formats in which Kafka stores records: v2 batches, and the message sets before them."""
