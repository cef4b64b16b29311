"""Timing of a study: measures out of the stored evidence, figures and a report."""
