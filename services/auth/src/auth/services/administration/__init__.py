"""What admins do, and what they read to help people."""
