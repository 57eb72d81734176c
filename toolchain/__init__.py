"""How a machine gets what this checkout needs; the standard library only, for it runs before anything is installed."""
