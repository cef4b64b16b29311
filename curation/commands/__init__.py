"""The commands of `python -m curation`, one file per group."""
