"""Departments' files flow in, whatever their format; headings and batches of text rows flow out."""
