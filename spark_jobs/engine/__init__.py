"""The engine: Sail in this process, or an Apache Spark."""
