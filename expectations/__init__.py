"""Whether a delivery can be believed as a whole, and whether tables agree."""
