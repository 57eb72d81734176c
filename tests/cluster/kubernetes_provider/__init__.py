"""A stand-in for `pulumi-resource-kubernetes`, which no package registry carries.

It does what the library needs of the real one, against a real API server: server-side apply under a field manager of
its own, dry runs at preview, the waits that `pulumi.com/` annotations ask for, partial state where a wait fails.
"""
