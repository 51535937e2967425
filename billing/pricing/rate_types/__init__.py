"""What MazBot's rate types and countries are: the known ones with names, guesses of the others, what staff decide."""
