"""The console's routers, in one list: a slice adds its own here."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.services.sessions import Ended
from gateway.web.console import (
    account,
    asset_pages,
    batches,
    checkpoints,
    checks,
    datasets,
    demo_page,
    explorer,
    find_page,
    guidelines,
    home,
    lives,
    log_entry,
    navigation,
    new_password,
    operator_pages,
    policies,
    policies_editor,
    policies_effect,
    policies_previews,
    proofs,
    review_bench,
    review_figures,
    review_lists,
    set_up,
    sign_in,
    tasks,
    tasks_at_work,
    upload,
    upload_files,
    vault_page,
    workforce,
    workforce_datasets,
    workforce_grants,
    workforce_groups,
)
from gateway.web.console.visitor import look_up

front = APIRouter(include_in_schema=False)


@front.get("/")
def door(request: Request) -> Response:
    """Leads to where the visitor's role begins, or to the door."""
    present = look_up(request)
    if isinstance(present, Ended):
        return RedirectResponse("/sign-in", 303)
    return RedirectResponse(navigation.LANDINGS[present.principal.role], 303)


ROUTERS: tuple[APIRouter, ...] = (
    front,
    sign_in.router,
    set_up.router,
    new_password.router,
    account.router,
    demo_page.router,
    workforce.router,
    workforce_groups.router,
    workforce_grants.router,
    workforce_datasets.router,
    home.router,
    asset_pages.router,
    find_page.router,
    vault_page.router,
    operator_pages.router,
    explorer.router,
    log_entry.router,
    lives.router,
    proofs.router,
    checkpoints.router,
    checks.router,
    tasks.router,
    tasks_at_work.router,
    guidelines.readers,
    guidelines.writers,
    review_lists.router,
    review_bench.router,
    review_figures.router,
    upload.router,
    upload_files.router,
    batches.router,
    datasets.router,
    # The longer paths first: `/policies/new` is no policy's name.
    policies_editor.router,
    policies_previews.router,
    policies_effect.router,
    policies.acts,
    policies.router,
)
