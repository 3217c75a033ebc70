"""The notebook face: the standard-library file that each registered kernel runs at start."""
