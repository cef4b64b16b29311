"""Tools that every package uses: command lines, files, journals, seeds, versions, progress."""
