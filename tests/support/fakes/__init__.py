"""Stand-ins for the other side: servers, networks and answers that a test scripts."""
