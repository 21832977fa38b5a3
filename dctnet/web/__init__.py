"""A local web page for the styles of a folder: a server with a queue, or a folder of files for any static host."""
