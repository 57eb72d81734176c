"""A resource type whose outside world is a loopback process: what the framework's engine tests run on."""
