"""Rules DOC: what a dataset's authors write, held against what the catalogue counts.

These judge documents and not entries: their queries go over the views of `curate.report.lint`,
and give one row per finding with the column ``place``, the field of `datasheet.toml` that is
meant.
"""

from __future__ import annotations

from curate.audit.rule import Rule
from curate.model.verdict import Effect

CLAIM_CONTRADICTED = Rule(
    code="DOC001",
    symbol="claim-contradicted",
    title="The authors claim what the facts contradict.",
    effect=Effect.BLOCK,
    basis="Gebru et al., Datasheets for Datasets; GDPR Art. 5(1)(a)",
    message="“{quote}” says that {says}, and the catalogue counts {counted} {words}",
    explanation=(
        "A datasheet is believed. A sentence such as “all subjects consented” is held against "
        "the count of those of whom the records do not say so; whoever is unknown counts. Claims "
        "are recognised by the patterns of reports/claims.json, and a sentence that hedges "
        "(“almost”, “except”, “not”) is not taken for a claim."
    ),
    remedy=(
        "Say what is so, with its exceptions; or settle the entries that the fact counts, and "
        "audit again."
    ),
    query="""
        SELECT c.place, c.quote, c.says, f.value AS counted, f.words
        FROM claimed c JOIN counted f USING (fact) WHERE f.value > 0
    """,
)

NUMBER_STALE = Rule(
    code="DOC002",
    symbol="number-stale",
    title="A number the authors state is not what the catalogue counts.",
    effect=Effect.BLOCK,
    basis="Gebru et al., Datasheets for Datasets",
    message="“{quote}” states {stated} {words}, and the catalogue counts {counted}",
    explanation=(
        "Numbers that were typed once grow old with each withdrawal. Those under [numbers], and "
        "totals in sentences such as “contains 204 photos of 102 people”, are compared with the "
        "catalogue's."
    ),
    remedy="Correct the number, or leave it to the catalogue, which counts anew each time.",
    query="""
        SELECT s.place, s.quote, s.stated, f.value AS counted, f.words
        FROM stated s JOIN counted f USING (fact) WHERE f.value <> s.stated
    """,
)

ANSWER_EMPTY = Rule(
    code="DOC003",
    symbol="answer-empty",
    title="A question that only the authors can answer has no answer.",
    effect=Effect.REVIEW,
    basis="Gebru et al., Datasheets for Datasets",
    message="question {question} is open: {text} {wanted}",
    explanation=(
        "The catalogue answers what it can. What it cannot know stays open until the authors "
        "write their part into datasheet.toml. Questions whether there is anything else may stay "
        "open, unless their answer was begun and left empty."
    ),
    remedy="Write the answer under [answers] in datasheet.toml, by the question's number.",
    query="SELECT place, question, text, wanted FROM unanswered",
)

DOCUMENT_MISSING = Rule(
    code="DOC004",
    symbol="document-missing",
    title="A document that is promised is not there.",
    effect=Effect.BLOCK,
    basis="GDPR Art. 7(1)",
    message="{name} is promised at {path}, and no file is there",
    explanation=(
        "A consent form, a notice or a review that is named can be asked for. Paths are taken "
        "from the workspace; web addresses are not visited."
    ),
    remedy="Put the document there, or name the place where it is.",
    query="SELECT place, name, path FROM promised WHERE NOT found",
)

CLAIM_UNSUPPORTED = Rule(
    code="DOC005",
    symbol="claim-unsupported",
    title="The authors state what nobody looked at.",
    effect=Effect.REVIEW,
    basis="STANDARDS section 9, unknown is not allowed",
    message="“{quote}” speaks of {words}, which were not counted: {lacking}",
    explanation=(
        "A claim that there are no copies is worth nothing when copies were not searched for. "
        "The stage that would count them has not run."
    ),
    remedy="Run the stage with `curate run`, and audit again; or take the sentence out.",
    query="""
        SELECT c.place, c.quote, f.words, f.lacking
        FROM (SELECT place, quote, fact FROM claimed UNION SELECT place, quote, fact FROM stated) c
        JOIN counted f USING (fact) WHERE f.value IS NULL
    """,
)

RULES = (
    CLAIM_CONTRADICTED,
    NUMBER_STALE,
    ANSWER_EMPTY,
    DOCUMENT_MISSING,
    CLAIM_UNSUPPORTED,
)
