"""From sources to rows: what is new, decoded in other processes, encoded, written."""
