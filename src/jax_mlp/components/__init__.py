"""The eight components of the network, in teaching order. Each imports only earlier ones."""
