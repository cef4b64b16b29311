"""The random search for hyperparameters."""
