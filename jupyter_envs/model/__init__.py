"""What environments, requests, plans and jobs are: plain immutable values, no I/O."""
