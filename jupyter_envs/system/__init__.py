"""The only place that touches processes and the disk on behalf of the layers above."""
