"""Speed and memory, measured; no tests."""
