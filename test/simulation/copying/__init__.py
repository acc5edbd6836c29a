"""Random stories of workers that copy a topic in transactions, on virtual time."""
