"""A user's data file, whatever kind it turns out to be, as inputs and labels."""
