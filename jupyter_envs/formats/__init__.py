"""File formats that environments are read from and written to: one file each, text in, model out."""
