"""The whole study on one page."""
