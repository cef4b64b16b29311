"""The expert's ground truths and ratings again."""
