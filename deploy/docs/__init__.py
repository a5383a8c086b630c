"""The documentation: pages made from the code, checks of all pages, and the site."""
