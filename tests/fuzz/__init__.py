"""Seeded hostile files, and what must hold whatever they are."""
