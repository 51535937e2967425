"""How email leaves this install: the page about it, and where its provider reports what came back."""
