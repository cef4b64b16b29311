"""Participants, their demographics, payments, headphone checks and removals."""
