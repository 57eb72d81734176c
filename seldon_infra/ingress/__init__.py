"""How requests reach predictors: one typed description, rendered for each kind of gateway."""
