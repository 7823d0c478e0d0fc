"""The experiments of paper 000, section VII, on real vectors and real coordinates."""
