"""What Leadhand remembers, in one SQLite file: implements `core.ports.store`."""
