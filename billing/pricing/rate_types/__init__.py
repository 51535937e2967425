"""What MazBot's rate types are: the known ones with names, guesses of the others, and what staff decide."""
