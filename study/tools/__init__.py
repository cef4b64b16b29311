"""Tools that every package uses: command lines, files, progress, processes."""
