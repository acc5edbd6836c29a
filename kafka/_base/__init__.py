"""Small tools shared by every layer; nothing in here knows the Kafka protocol."""
