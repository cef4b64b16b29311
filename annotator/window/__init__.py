"""The window: all of PsychoPy, the keyboard and the sound device.

PsychoPy, Psychtoolbox and pyglet are imported in the functions that use them: modules can be read
without a screen, and the first words stand before anything slow is loaded.
"""
