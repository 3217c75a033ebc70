"""The command line face: ``jupyter envs``."""
