"""The descriptions of a release, each held against the files that it describes."""
