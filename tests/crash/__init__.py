"""kill -9 at seeded random moments of a run, one plain run after each; the home must equal an undisturbed one's."""
