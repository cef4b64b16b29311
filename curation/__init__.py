"""The curator's tables: candidates, ratings, test set, training lists, figures."""
