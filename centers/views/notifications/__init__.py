"""Pages of notifications: what reaches whom, where, in which words, what was sent, and the links in messages."""
