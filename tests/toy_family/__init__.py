"""A family of generators as one would add it: a model, a recipe, and one entry of the registry (in the test)."""
