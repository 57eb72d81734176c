"""How deployments are watched: what is scraped, what is recorded of it, and when somebody is told."""
