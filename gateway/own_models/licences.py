"""Licences by their SPDX ids: their full names, and whether a use must be agreed to by name. Pure.

Only what is known to permit any use, a commercial one too, is let through without a word. Everything else is
shown in full and accepted by the operator: what forbids the use, what may, and what nobody here knows.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

PERMISSIVE: Final = {
    "0BSD": "BSD Zero Clause License",
    "Apache-2.0": "Apache License 2.0",
    "BSD-2-Clause": 'BSD 2-Clause "Simplified" License',
    "BSD-3-Clause": 'BSD 3-Clause "New" or "Revised" License',
    "BSL-1.0": "Boost Software License 1.0",
    "CC-BY-4.0": "Creative Commons Attribution 4.0 International",
    "CC0-1.0": "Creative Commons Zero v1.0 Universal",
    "CDLA-Permissive-2.0": "Community Data License Agreement Permissive 2.0",
    "ISC": "ISC License",
    "MIT": "MIT License",
    "Unlicense": "The Unlicense",
    "Zlib": "zlib License",
}
"""Full names as the SPDX licence list has them."""

_SHARED: Final = "whoever passes the model on, or a work made from it, owes its source under the same terms"
_NETWORK: Final = f"{_SHARED}; offering it to others over a network counts as passing it on"
_NON_COMMERCIAL: Final = "commercial use is forbidden"
_ALIKE: Final = "what is made from it may be passed on under the same terms only"

RESTRICTIVE: Final = {
    "AGPL-3.0-only": ("GNU Affero General Public License v3.0 only", _NETWORK),
    "AGPL-3.0-or-later": ("GNU Affero General Public License v3.0 or later", _NETWORK),
    "AGPL-3.0": ("GNU Affero General Public License v3.0", _NETWORK),
    "GPL-2.0-only": ("GNU General Public License v2.0 only", _SHARED),
    "GPL-2.0-or-later": ("GNU General Public License v2.0 or later", _SHARED),
    "GPL-3.0-only": ("GNU General Public License v3.0 only", _SHARED),
    "GPL-3.0-or-later": ("GNU General Public License v3.0 or later", _SHARED),
    "LGPL-2.1-only": ("GNU Lesser General Public License v2.1 only", _SHARED),
    "LGPL-3.0-only": ("GNU Lesser General Public License v3.0 only", _SHARED),
    "CC-BY-SA-4.0": ("Creative Commons Attribution Share Alike 4.0 International", _ALIKE),
    "CC-BY-ND-4.0": (
        "Creative Commons Attribution No Derivatives 4.0 International",
        "what is made from it may not be passed on",
    ),
    "CC-BY-NC-4.0": ("Creative Commons Attribution Non Commercial 4.0 International", _NON_COMMERCIAL),
    "CC-BY-NC-SA-4.0": (
        "Creative Commons Attribution Non Commercial Share Alike 4.0 International",
        f"{_NON_COMMERCIAL}, and {_ALIKE}",
    ),
    "CC-BY-NC-ND-4.0": (
        "Creative Commons Attribution Non Commercial No Derivatives 4.0 International",
        f"{_NON_COMMERCIAL}, and what is made from it may not be passed on",
    ),
}
"""Full names as the SPDX licence list has them, and in a few words what stands in the way."""

SPDX_PAGES: Final = "https://spdx.org/licenses/"


class CommercialUse(StrEnum):
    """What the licence says of it, as the operator read it."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def known(name: str) -> bool:
    """Whether this is an SPDX id whose terms stand here."""
    return name in PERMISSIVE or name in RESTRICTIVE


def full_name(name: str) -> str:
    """The licence's title; the name itself where it is none that stands here."""
    return PERMISSIVE.get(name) or RESTRICTIVE.get(name, (name, ""))[0]


def page(name: str) -> str:
    """Where the words of a known licence stand."""
    return f"{SPDX_PAGES}{name}.html"


def objection(name: str, commercial_use: CommercialUse) -> str | None:
    """Why the licence must be accepted by name, in words; None where it permits any use.

    A permissive licence needs a word too where the operator read that commercial use is not permitted: one
    of the two is wrong, and it is not ours to say which.
    """
    if name in RESTRICTIVE:
        return RESTRICTIVE[name][1]
    match commercial_use:
        case CommercialUse.NO:
            return _NON_COMMERCIAL
        case CommercialUse.UNKNOWN:
            return "whether commercial use is permitted is not known"
        case CommercialUse.YES:
            return None if name in PERMISSIVE else "its terms are not among those known here"
