"""The network: what it is (plain data), its arithmetic in JAX, and the same in Keras."""
