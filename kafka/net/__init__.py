"""Connections to brokers, and who is asked what when.

Start at `network_client`; what to do is decided by the modules that do no I/O.
"""
