"""Candidates, their audits and their vetting."""
