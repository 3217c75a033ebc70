"""One manager or installer a file: its command lines, the reading of its output, what it can do."""
