"""Explanations of predictors' answers: methods, what they are fitted on, and what is read and drawn of them."""
