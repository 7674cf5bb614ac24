"""The home folder, its Delta tables, the ledger and code tables: what every stage reads and writes."""
