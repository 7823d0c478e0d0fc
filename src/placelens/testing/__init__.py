"""Contract suites and fakes for tests, ours and those of people who extend placelens."""
