"""What came of the visits: results read back, and the watchers watched."""
