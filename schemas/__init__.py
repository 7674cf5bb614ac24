"""What everything is: contracts, code lists, departments, and their one reader."""
