"""`privgate doctor`: looks at every part of an installation and changes none, a file a part."""
