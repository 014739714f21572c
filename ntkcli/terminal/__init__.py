"""What the commands share of the terminal: what it shows, and the arguments that it takes."""
