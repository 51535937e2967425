"""Mutation testing (`make mutants`): change one thing in the source, and see whether a test fails.

A changed line that no test notices is a promise that no test holds. mutmut 3 leaves module-level tables and constants
alone (permissions, limits, Lua scripts) and runs pytest several times in one process, which this suite's leases do not
survive; cosmic-ray starts a cold process with all tests for each change. So there is a small one here.
"""
