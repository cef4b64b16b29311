"""Evaluation: measures, comparisons, Tables 4 and 5, figures."""
