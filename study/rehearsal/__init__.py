"""Rehearsals: clips made from described scenes, so that what a rater should say is known."""
