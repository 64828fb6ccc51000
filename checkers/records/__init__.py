"""All facts that runs find, and their JSON."""
