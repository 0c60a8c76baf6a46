"""Single faults put into the code to see whether the tests notice: ``python -m tests.mutations``."""
