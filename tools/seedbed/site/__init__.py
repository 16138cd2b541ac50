"""The taxonomy as pages: a folder of static files that any browser opens, without a server and without the network."""
