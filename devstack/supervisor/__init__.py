"""`make run`: the sandbox, the web server, the workers and the beat under one roof, stopped together."""
