"""The live server: hints to open pages, beside Django in the same process and without its ORM."""
