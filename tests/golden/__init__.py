"""Workbooks as they were agreed on, cell by cell."""
