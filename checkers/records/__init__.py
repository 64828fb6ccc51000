"""All facts that runs find, and their JSON; and the events on the way to them."""
