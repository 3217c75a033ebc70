"""A change is the one that was agreed to: its plan before, and what came of it afterwards."""

from __future__ import annotations

from jupyter_envs.model.errors import Conflict
from jupyter_envs.model.plan import Plan

_MOST_LINES = 200


def signed(plan: Plan) -> Plan:
    """`plan` with the hash that is sent back to agree to it."""
    from msgspec.structs import replace

    return replace(plan, hash=plan.digest)


def refuse_other(plan: Plan, agreed: str | None) -> None:
    """Raise Conflict (reason ``plan_changed``) unless `plan` is the one that was `agreed` to, where one was."""
    if agreed is not None and plan.digest != agreed:
        raise _changed("What would be done is not what the plan showed any more.", plan)


def refuse_otherwise(plan: Plan, did: Plan, agreed: str | None) -> None:
    """Raise Conflict unless what was done, `did`, is `plan`, where that was `agreed` to."""
    if agreed is not None and _moves(plan) != _moves(did):
        raise _changed("What came about is not what the plan showed; it was taken back.", did)


def unseen(plan: Plan) -> Conflict:
    """The question whether `plan`, of a notebook, is to be done."""
    return Conflict(
        "What a notebook names is installed once somebody has seen the list.",
        hint=f"Look at the plan (`dry_run`, `--dry-run`), then send its hash along: {plan.digest}.",
        reason="approval_needed",
        field="plan",
        detail="\n".join(_lines(plan)),
    )


def _moves(plan: Plan) -> set[tuple[str, str]]:
    """What is where afterwards; a version that an installer tells as an address is not compared."""
    after = {(pin.name, pin.version) for pin in plan.added} | {(pin.name, "") for pin in plan.removed}
    after |= {(change.name, change.to) for change in plan.changed if change.from_ != change.to}
    return {(name, "an address" if "/" in version else version) for name, version in after}


def _changed(message: str, plan: Plan) -> Conflict:
    return Conflict(
        message,
        hint="Look at the new plan, and decide again.",
        reason="plan_changed",
        field="plan",
        detail="\n".join(_lines(plan)) or "Nothing would change.",
    )


def _lines(plan: Plan) -> list[str]:
    lines = [f"+ {pin.name} {pin.version}" for pin in plan.added]
    lines += [f"~ {change.name} {change.from_} → {change.to}" for change in plan.changed]
    lines += [f"- {pin.name} {pin.version}" for pin in plan.removed]
    return lines[:_MOST_LINES]
