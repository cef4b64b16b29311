"""From ratings to lists: filters, test set, splits and leakage."""
