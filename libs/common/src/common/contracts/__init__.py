"""What the services promise each other: the events that they send, and the bodies that they share."""
