"""Tests of what judges the simulated stories."""
