"""Tests of what judges the chaos story."""
