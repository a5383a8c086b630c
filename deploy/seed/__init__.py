"""`make seed`: a believable world in a running local stack."""
