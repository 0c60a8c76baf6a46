"""What is given of a molecule, as masks and prefixes."""
