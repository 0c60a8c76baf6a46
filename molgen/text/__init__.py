"""Generators of molecules as strings: discrete diffusion on tokens, and autoregressive and continuous baselines."""
