"""Weights: where they come from, their files, and how to fetch them."""
