"""Graphs that grow atom after atom, each with its bonds to those before it."""
