"""Discrete diffusion on categorical variables: schedules, transitions, objectives and samplers. Imports torch only.

Everything is expressed in categories, tensors and masks. Nothing is specific to chemistry, graphs or text.
"""
