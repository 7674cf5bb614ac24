"""The whole job with Polars and deltalake, written by hand to be as fast as two cores let it."""
