"""Rehearsals: clips made from described scenes, so that what a rater should say is known."""

from study.rehearsal.tree import make_clips
from study.rehearsal.truth import read_scenes, reasons, truth_of, truths

__all__ = ["make_clips", "read_scenes", "reasons", "truth_of", "truths"]
