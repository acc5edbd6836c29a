"""Scripts that `test.bench.end_to_end` runs; each stands on its own folder only."""
