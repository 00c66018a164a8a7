"""What was found, in words: a sentence, what would be right, a likely cause, and which findings are one mistake."""
