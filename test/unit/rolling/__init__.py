"""Tests of what judges the story of restarts."""
