"""Rows that name an object without its code flow in; links, and candidates for a person to choose from, flow out."""
