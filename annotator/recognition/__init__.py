"""The recognition task: a clip, then "which action was it?", decided without a window."""
