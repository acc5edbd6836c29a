"""The transaction coordinator of the embedded cluster (KIP-98, KIP-360, KIP-890)."""
