"""Random stories on virtual time, of groups and producers; ``python -m test.simulation``."""
