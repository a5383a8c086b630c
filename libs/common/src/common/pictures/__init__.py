"""Pictures of people and posts: uploaded, encoded anew in a process of their own, and shown from our origin."""
