"""The reference pages of the documentation, written from the code, and what docs can run."""
