from curate.report.appendix import MAX_RUNS, audit_run, runs, thresholds, use_profile
from curate.report.facts import Facts
from tests.unit.report.conftest import AS_OF, make_inputs, run


def test_the_audits_own_record_is_read(small) -> None:
    record = audit_run(Facts(small))
    assert record.rules[:2] == ("CON001", "CON002")
    assert (record.ruleset, record.policy) == ("1", "ab" * 32)


def test_an_audit_without_a_record_is_not_known() -> None:
    assert audit_run(Facts(make_inputs())).policy == "not known"


def test_the_use_is_told_to_the_instant(small) -> None:
    facts = Facts(small)
    told = dict(use_profile(facts, audit_run(facts)).rows)
    assert told["Purpose"] == "train-detector"
    assert told["Operations"] == "include and train_detector"
    assert told["Judged as of"] == AS_OF.isoformat()


def test_thresholds_are_those_of_the_last_run() -> None:
    facts = Facts(make_inputs(runs=[
        run("run dedup", 1, parameters={"radius": 10}),
        run("run dedup", 2, parameters={"radius": 31}, counts={"groups": 4}),
    ]))  # fmt: skip
    assert thresholds(facts).rows == (("dedup", "radius", "31"), ("dedup", "groups", "4"))


def test_old_runs_are_counted_not_listed() -> None:
    facts = Facts(make_inputs(runs=[run("run probe", n) for n in range(MAX_RUNS + 3)]))
    table = runs(facts)
    assert (len(table.rows), table.more) == (MAX_RUNS, 3)


def test_runs_that_changed_nothing_of_what_was_judged_are_not_listed() -> None:
    verbs = ("ingest", "audit", "run dedup", "release build", "review export", "identify import")
    facts = Facts(make_inputs(runs=[run(verb, n) for n, verb in enumerate(verbs)]))
    assert [row[0] for row in runs(facts).rows] == ["identify import", "run dedup", "ingest"]


def test_a_run_that_failed_says_why() -> None:
    failed = run("run probe", 1) | {"status": "failed", "error": "E700 something\nbroke"}
    ((*_, ended, _, _, _),) = runs(Facts(make_inputs(runs=[failed]))).rows
    assert ended == "failed: E700 something\nbroke"


def test_curves_and_errors_by_group_are_no_settings() -> None:
    counts = {"curves": {"cosine": [0.4]}, "by_group": [{"group": "left"}]}
    facts = Facts(make_inputs(runs=[run("run identity", 1, counts=counts)]))
    assert thresholds(facts).rows == ()
