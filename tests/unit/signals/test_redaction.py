"""A refusal of a part that was redacted from its record is heard all the same."""

from __future__ import annotations

import io
import json

from curate.signals.content import read_picture
from tests.unit.signals.made import _chain, mining, signed


def redacted(label: str) -> bytes:
    """Return a JPEG whose part had an assertion that its record no longer has."""
    import c2pa

    part = signed([mining("notAllowed")])
    with c2pa.Reader("image/jpeg", io.BytesIO(part)) as reader:
        name = json.loads(reader.json())["active_manifest"]
    uri = f"self#jumbf=/c2pa/{name}/c2pa.assertions/{label}"
    actions = [
        {"action": "c2pa.opened", "parameters": {"ingredientIds": ["part"]}},
        {"action": "c2pa.redacted", "reason": "c2pa.PII.present", "parameters": {"redacted": uri}},
    ]
    manifest = {
        "claim_generator_info": [{"name": "curate-tests", "version": "1"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
        "redactions": [uri],
    }
    chain, key, _ = _chain()
    signer = c2pa.Signer.from_info(
        c2pa.C2paSignerInfo(b"es256", chain.encode(), key.encode(), None)
    )
    builder = c2pa.Builder(json.dumps(manifest))
    about = {
        "title": "part.jpg",
        "relationship": "parentOf",
        "instance_id": "part",
        "label": "part",
    }
    builder.add_ingredient(json.dumps(about), "image/jpeg", io.BytesIO(part))
    out = io.BytesIO()
    builder.sign(signer, "image/jpeg", io.BytesIO(part), out)
    return out.getvalue()


def test_redacted_refusal_is_told() -> None:
    data = redacted("cawg.training-mining")
    assert b"notAllowed" not in data
    found = read_picture(data, "image/jpeg")
    assert str(found.uses.ai_training) == "unreadable"
    assert "cawg.training-mining" in {one.place for one in found.signals}
