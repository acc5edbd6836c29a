"""Benchmarks: run with ``tox -e bench``; nothing here is part of the package."""
