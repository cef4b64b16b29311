"""Participants: enrolment, demographics, withdrawal and erasure."""
