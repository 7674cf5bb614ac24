"""Superset as code: assets flow in from YAML and contracts, a running dashboard 监管总览 flows out."""
