"""The HTTP routes, a module per resource; each builds its router from what it is given."""
