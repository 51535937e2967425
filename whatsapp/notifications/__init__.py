"""What alerts tell people: who gets a message, what it says, and the links in it."""
