"""The payload log of a stack on a cluster: a process of this library's that executors send payloads to."""
