"""The laws of the network, one file per component."""
