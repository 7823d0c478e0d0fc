"""What callers ask, in the forms people write, made into queries: words, examples, places."""
