"""What is to be made: design, conditions, clips to start from, pairs, one line per stimulus."""
