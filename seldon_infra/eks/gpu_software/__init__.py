"""What a cluster runs so that pods get GPUs, and nodes come when pods need them."""
