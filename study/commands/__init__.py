"""The commands of `python -m study`, one file per group."""
