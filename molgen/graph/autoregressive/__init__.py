"""Autoregressive models of graphs: atom after atom, each with its bonds to those before it."""
