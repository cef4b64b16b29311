"""The commands of `python -m sessions`, one file per group."""
