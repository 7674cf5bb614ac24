"""Contracts and asset files flow in; what Superset imports flows out."""
