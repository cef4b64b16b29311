"""One stimulus: its pictures, its sound, the file, and what the finished file turns out to be."""
