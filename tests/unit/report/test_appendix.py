from curate.report.appendix import MAX_RUNS, audit_run, error_rates, runs, thresholds, use_profile
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
    facts = Facts(make_inputs(runs=[run("audit", n) for n in range(MAX_RUNS + 3)]))
    table = runs(facts)
    assert (len(table.rows), table.more) == (MAX_RUNS, 3)


def test_a_run_that_failed_says_why() -> None:
    failed = run("audit", 1) | {"status": "failed", "error": "E700 something\nbroke"}
    ((*_, ended, _, _, _),) = runs(Facts(make_inputs(runs=[failed]))).rows
    assert ended == "failed: E700 something\nbroke"


def test_errors_by_group_are_told_with_intervals_and_once() -> None:
    known = {"kind": "hand", "group": "left", "people": 30, "pairs": 3915, "fmr": 0.002,
             "fmr_interval": [0.0005, 0.006], "mated_people": 30, "fnmr": None,
             "fnmr_interval": None}  # fmt: skip
    facts = Facts(make_inputs(runs=[run("run identity", 1, counts={"by_group": [known]})]))

    (listing,) = error_rates(facts)

    assert listing.rows == (
        ("hand", "left", 30, "0.002 (0.0005 to 0.006)", "too few pairs to tell"),
    )
    assert thresholds(facts).rows == ()


def test_nothing_is_told_by_group_where_no_group_is_declared() -> None:
    assert error_rates(Facts(make_inputs(runs=[run("run identity", 1, counts={})]))) == []
