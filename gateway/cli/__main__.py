"""`python -m gateway.cli`: how `privgate up` starts its processes."""

from gateway.cli import main

main()
