"""Tools of the project itself; never installed with it."""
