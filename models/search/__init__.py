"""The random search for hyperparameters, and Table 4."""
