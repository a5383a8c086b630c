"""Access tokens: the verifier, its keys and its clock, and the tokens with which services call each other."""
