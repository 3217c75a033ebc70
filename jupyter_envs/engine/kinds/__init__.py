"""The kinds of environment: all that depends on what is on disk, one class per kind behind one protocol."""
