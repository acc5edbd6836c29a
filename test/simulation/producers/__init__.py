"""Random stories of producers on virtual time."""
