"""One task and one trainer set-up for every generator."""
