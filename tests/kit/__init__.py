"""What the laws are written with: draws, exact expectations, a float64 oracle, the implementation under test."""
