"""The commands of `python -m lab`, one file per group."""
