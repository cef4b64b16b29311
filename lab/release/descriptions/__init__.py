"""Six descriptions of the same files, each made from `lab.release.facts` alone."""
