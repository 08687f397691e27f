"""One verb a file. The order of effects lives here, numbered where a crash in between has a meaning."""
