"""The engine: noise on categorical variables, what to minimise, and how to sample. Torch only.

Knows categories, tensors and masks; knows no chemistry, no graphs, no text.
"""
