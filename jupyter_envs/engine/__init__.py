"""What every face calls: discovery, changes, jobs, kernels, history; one way to do each thing."""
