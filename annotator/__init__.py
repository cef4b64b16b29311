"""The rating task: a PsychoPy window that performs what `sessions` describes."""
