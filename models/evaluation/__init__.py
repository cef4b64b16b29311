"""Evaluation: results (read without JAX), metrics, comparisons, Table 5, plots."""
