"""The recognition experiment: who meets which stimulus, and what is left of it."""
