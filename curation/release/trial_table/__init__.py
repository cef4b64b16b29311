"""The table of trials: ratings and answers in one schema, and the views of its answers."""
