"""What a release is proven by beside its files: who approved which digest, the ledger then, and the signatures."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.cycle import queries
from disclosure.platform.clock import utc_now
from disclosure.publication.proof.keys import checkpoint_of_ledger, signing_key
from disclosure.publication.proof.manifest import Manifest
from disclosure.publication.proof.signing import sign
from disclosure.records.installation import Installation
from disclosure.records.tables import Cycle, ManifestSignature, Release


def fix_proof(session: Session, installation: Installation, cycle: Cycle, release: Release) -> None:
    """Fix what the manifest will say of approvals and ledger; once, unless an approval has been added since."""
    decided = queries.decisions(session, cycle, release.round)
    approvals = [
        {
            "gate": gate,
            "name": installation.catalog.gates[gate].name,
            "outcome": decision.outcome,
            "digest": decision.digest,
            "at": decision.decided_at.isoformat(timespec="seconds"),
        }
        for gate, decision in sorted(decided.items())
    ]
    if release.proof is not None and release.proof["decisions"] == approvals:
        return
    checkpoint, key_id = checkpoint_of_ledger(session, installation)
    ledger = {
        "length": str(checkpoint.length),
        "head_hash": checkpoint.head_hash,
        "at": checkpoint.at,
        "signature": checkpoint.signature,
        "key": key_id,
    }
    release.proof = {"decisions": approvals, "ledger": ledger}


def signature_of(session: Session, installation: Installation, release: Release, manifest: Manifest) -> bytes:
    """Return the signature of the manifest's text, made the first time it is asked for and kept.

    A kept signature outlives its key: what was signed years ago is not signed anew after the key was replaced.
    ``session`` must be one that writes where the manifest may be new.
    """
    kept = session.scalars(
        select(ManifestSignature).where(
            ManifestSignature.release_id == release.id, ManifestSignature.manifest_digest == manifest.digest
        )
    ).one_or_none()
    if kept is None:
        public, private = signing_key(session, installation)
        now = utc_now()
        kept = ManifestSignature(
            release_id=release.id,
            manifest_digest=manifest.digest,
            key_id=public.id,
            signed_at=now,
            jws=sign(manifest.to_json().encode(), private, public.id, now),
        )
        session.add(kept)
    return kept.jws.encode()
