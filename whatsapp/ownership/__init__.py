"""Which center holds a number: since when it is billed, and what happens to the day on which it moves."""
