"""Random stories of consumer groups on virtual time; ``python -m test.simulation`` runs them."""
