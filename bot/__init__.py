"""The face: talks to people. It knows the core only through its door."""
