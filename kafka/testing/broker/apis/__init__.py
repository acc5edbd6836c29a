"""One module for each API key, named as the API in `kafka.testing.broker.versions`."""
