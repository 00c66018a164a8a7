"""Small cells: which figures are withheld so that nobody can be told from them, and the attack that proves it."""
