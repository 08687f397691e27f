"""What a new installation tells whoever started it: where the first officer makes an account."""

from __future__ import annotations

import logging
from typing import Final

from gateway.cli.logs import LogFormat
from gateway.services.accounts import needs_set_up
from gateway.services.set_up_code import FILE as SET_UP_FILE
from gateway.services.set_up_code import kept_code
from gateway.settings import Settings
from gateway.store.database import Database

INVITE: Final = "make the first one's link with `privgate accounts invite officer --url URL`"

log = logging.getLogger("privgate.set_up")


def tell_set_up(settings: Settings, database: Database, url: str = "") -> None:
    """Prints the code of the first set-up, as long as no officer has an account.

    Where machines collect the logs, each line is an object and no secret: then it says where the code is.
    Where it cannot be kept, as in a container that may only read that folder, the command line is the way.
    """
    if not needs_set_up(database):
        return
    try:
        code = kept_code(settings.data)
    except OSError as exc:
        why = "no officer has an account, and the data folder cannot keep a code (%s): %s"
        log.warning(why, exc.strerror, INVITE)
        return
    if settings.log_format == LogFormat.JSON.value:
        log.info("no officer has an account: /set-up asks for the code in %s", SET_UP_FILE)
    else:
        print(f"first officer: {url}/set-up, with the code {code}", flush=True)
