"""Whole-study commands: run the other parts as a person would, and report on them."""
