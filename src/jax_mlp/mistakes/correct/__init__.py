"""Other right ways to write each component: the laws must accept them all."""
