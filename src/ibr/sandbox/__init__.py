"""For integrators: is a programme's endpoint conformant, and a registry to try things on."""
