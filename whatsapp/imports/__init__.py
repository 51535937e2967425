"""Reading files of centers and numbers as programs write them."""
