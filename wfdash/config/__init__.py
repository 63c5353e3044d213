"""Options, environment variables, profiles and the config file, made into one validated value."""
