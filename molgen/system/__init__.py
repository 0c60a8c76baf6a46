"""Files, hardware, progress and worker processes."""
