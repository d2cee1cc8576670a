"""The search for algorithms: domains, proposers, population, loop, sandbox, executors.

Kept free of imports: the sandbox's child and ``nashforge --help`` both pass through here.
"""
