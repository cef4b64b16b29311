"""Assignments, exercises and ground truths."""
