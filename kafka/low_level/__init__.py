"""What `KafkaClient` and `BrokerConnection` are made of; programs use these two."""
