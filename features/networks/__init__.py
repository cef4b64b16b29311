"""The embedding networks, as layers without a framework."""
