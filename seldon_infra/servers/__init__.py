"""Model servers: what runs a node of a predictor graph."""
