"""Extraction of many clips: jobs, processes, cluster and journal."""
