"""What the paper on multi-grained cross-modal queries (MCQI) promises, measured."""
