"""Departments' files flow in; bronze, the archive and refusals flow out."""
