"""Molecules as strings: discrete diffusion on tokens, and what one would use instead."""
