"""The `leadhand` command. Heavy modules are imported by the subcommand that needs them."""
