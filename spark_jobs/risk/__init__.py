"""Risk models are managed, learned from checks, measured on other checks, and put in force by a person."""
