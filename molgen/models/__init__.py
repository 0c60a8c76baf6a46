"""What every model answers: interface, sampling settings, model directories."""
