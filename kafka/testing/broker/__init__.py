"""A Kafka-compatible cluster in this process.

It speaks the protocol through `kafka.protocol` and keeps records as `kafka.record` defines them;
it knows nothing of this package's clients, and any other client may talk to it.
"""
