"""The sweep of one worker: asks MazBot about the numbers of many accounts and holds nothing while it waits.

Four kinds of threads, each with one task and none with a lock or a database connection while it waits:
`planning` loads from the database what is worth asking next, `slots` reserves requests for all accounts in one round
trip to Valkey, `sending` sends each at its time, `recording` writes the results in batches. See docs/decisions/0035.
"""
