"""Actions that can be seen and heard: beats, and the picture and sound that they drive."""

from study.rehearsal.actions.repertoire import ACTIONS, BYSTANDERS, CLASSES, DEFAULT_CLASSES, Action

__all__ = ["ACTIONS", "BYSTANDERS", "CLASSES", "DEFAULT_CLASSES", "Action"]
