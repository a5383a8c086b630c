"""The documentation: pages made from the code, checks of what all pages say, and the site."""
