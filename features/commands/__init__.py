"""The commands of `python -m features`, one file per group."""
