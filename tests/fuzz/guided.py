"""One target under atheris, which watches what each input reaches: `python -m tests.fuzz.guided TARGET …`.

The words after the target go to libFuzzer. Run by `python -m tests.fuzz`, in a process of its own: libFuzzer
never returns, and a codec that crashes takes the process with it.
"""

from __future__ import annotations

import sys
import warnings


def main(arguments: list[str]) -> None:
    import atheris  # the development tool that `python -m tests.fuzz` asks for

    warnings.simplefilter("ignore")
    with atheris.instrument_imports(include=["gateway", "policies", "audit", "PIL", "yaml"]):
        from tests.fuzz.targets import TARGETS
    target = TARGETS[arguments[0]]
    atheris.Setup(["fuzz", *arguments[1:]], target.read)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
