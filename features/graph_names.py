"""Names of a graph's input and output."""

INPUT, OUTPUT = "input", "embedding"
