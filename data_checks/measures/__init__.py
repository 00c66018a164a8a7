"""What each kind of rule compares and where it is broken: each once, over all figures at a time, exact."""
