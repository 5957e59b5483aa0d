"""Ways to get each component wrong: small wrong functions, each with a sentence on the mistake a person makes."""
