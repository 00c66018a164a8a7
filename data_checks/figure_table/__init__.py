"""One table of figures for any number of them: codes and exact scaled integers, a row a figure."""
