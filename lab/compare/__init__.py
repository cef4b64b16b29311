"""People against networks: what both answered, compared with intervals."""
