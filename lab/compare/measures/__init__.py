"""What is measured: accuracy, error consistency, difficulty, benefit, time window, conflicts."""
