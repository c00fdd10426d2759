"""What people can type: one module per family. Every button has a command here."""
