"""What judging answered before it was rewritten, as rows that any later judging must answer alike."""
