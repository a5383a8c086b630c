"""What a release says of the packages that run: a bill of materials, their licences, and known weaknesses."""
