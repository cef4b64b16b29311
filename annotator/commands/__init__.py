"""The commands of `python -m annotator`, one file per group."""
