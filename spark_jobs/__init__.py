"""What SQL says badly: landing, conforming, scoring, publishing, and the command."""
