"""Croissant's words on responsibility: RAI from the datasheet's answers, PROV from sources."""

from __future__ import annotations

from typing import Any

from curate.report.datasheet.distribution import use_in_words
from curate.report.datasheet.sheet import Datasheet
from curate.report.facts import Facts
from curate.report.vocabulary import word
from curate.report.words import number

Node = dict[str, Any]

# Which RAI property each answer of the datasheet is told in.
_RAI = {
    "rai:dataCollection": (21, 27, 29),
    "rai:dataCollectionMissingData": (10,),
    "rai:dataCollectionRawData": (34,),
    "rai:dataPreprocessingProtocol": (33,),
    "rai:dataAnnotationProtocol": (9,),
    "rai:dataReleaseMaintenancePlan": (52, 53, 54),
    "rai:personalSensitiveInformation": (18, 19),
    "rai:dataSocialImpact": (31, 40),
    "rai:dataBiases": (17,),
    "rai:dataLimitations": (7, 13, 41, 46),
}
_SEVERAL = {
    *("rai:dataPreprocessingProtocol", "rai:personalSensitiveInformation"),
    *("rai:dataBiases", "rai:dataLimitations"),
}
# RAI's own words for how data were collected, where it has one.
_COLLECTED = {"crawl": "Web Scraping", "api": "Web API"}


def provenance(facts: Facts) -> Node:
    """Return PROV's properties: which sources it was derived from, by what, and when."""
    sources = facts.records("""
        SELECT source_id, coalesce(name, source_id) AS name, origin_url
        FROM used_sources ORDER BY source_id""")
    return {
        "prov:wasDerivedFrom": [
            {"@id": row["origin_url"] or f"urn:curate:source:{row['source_id']}",
             "@type": "prov:Entity", "prov:label": row["name"]} for row in sources
        ],
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "@id": f"urn:curate:audit:{facts.inputs.audit}",
            "prov:label": f"Audit and release by {facts.inputs.tool}",
            "prov:endedAtTime": f"{facts.inputs.as_of:%Y-%m-%dT%H:%M:%SZ}",
        },
        "prov:wasAttributedTo": {
            "@type": "prov:SoftwareAgent", "prov:label": facts.inputs.tool,
        },
    }  # fmt: skip


def responsible(facts: Facts, sheet: Datasheet) -> Node:
    """Return RAI's properties, in the words of the datasheet's answers."""
    answers = {one.question.id: one.answer for one in sheet.answers}
    told: Node = {}
    for name, numbers in _RAI.items():
        texts = [" ".join((*answers[n].text, *answers[n].authors)) for n in numbers]
        texts = [text for text in texts if text]
        if texts:
            told[name] = texts if name in _SEVERAL else " ".join(texts)
    ways = facts.rows(
        "SELECT DISTINCT acquisition_method FROM used_sources "
        "WHERE acquisition_method IS NOT NULL ORDER BY 1"
    )
    made = facts.rows("""
        SELECT manipulation_type, method, count(*) AS n FROM described
        WHERE manipulation_type <> 'none' GROUP BY 1, 2 ORDER BY n DESC, 1, 2""")
    judged = f"The release was judged for this use only: {use_in_words(facts.inputs.use)}."
    models = facts.rows("SELECT DISTINCT model_id FROM face_scans ORDER BY 1")
    return told | {
        "rai:dataUseCases": [judged, *answers[39].authors],
        "rai:dataCollectionType": [
            _COLLECTED.get(way) or word("sources.acquisition_method", way) for (way,) in ways
        ]
        or ["not known"],
        "rai:dataManipulationProtocol": _manipulated(made),
        "rai:machineAnnotationTools": [model for (model,) in models],
    }


def _manipulated(made: list[tuple[str, str | None, int]]) -> str:
    """Return how many items are declared to be manipulated in which way."""
    if not made:
        return "No item is declared to be manipulated."
    told = []
    for kind, method, n in made:
        by = f" by the method “{method}”" if method else ""
        told.append(f"{word('media.manipulation_type', kind)}{by}: {number(n, 'item')}")
    return f"Manipulations, as declared: {'; '.join(told)}."
