"""`make run`: the sandbox, the web server, the workers and the beat, started and stopped together."""
