"""Benchmarks, run by hand: ``python -m benchmarks.<name>``; they print ratios."""
