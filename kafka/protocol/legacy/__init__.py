"""kafka-python 2.x's structures of the protocol, made on first use from the tables of ours.

The modules that kafka-python has, such as `kafka.protocol.metadata`, offer what
`kafka.protocol.legacy.table` lists for them.
"""
