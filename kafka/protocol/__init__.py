"""The Kafka wire protocol: messages, their codec, frames, and which versions a broker speaks."""
