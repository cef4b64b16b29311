"""Manipulated clips: stimuli for people and networks, and what was measured in each of them."""
