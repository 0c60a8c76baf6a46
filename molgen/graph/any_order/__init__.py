"""Absorbing diffusion on graphs that reads every atom once: masks fall atom after atom, each with its bonds."""
