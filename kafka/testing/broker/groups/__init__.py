"""Groups of consumers: classic, KIP-848, and the offsets they commit."""
