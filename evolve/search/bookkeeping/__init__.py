"""What is done around the loop of a search: before it begins, and for those who look on."""
