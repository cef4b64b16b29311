"""The network: its hyperparameters, and its arithmetic in JAX and Keras."""
