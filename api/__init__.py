"""The HTTP application and the command line: the room that joins the others."""
