"""Gold flows in; what dashboards read flows out."""
