from tidings.tasks.tally import MAX_IDS, MAX_REFUSALS, Tally


def test_report_of_a_large_upload_is_bounded() -> None:
    tally = Tally()
    for start in range(0, 3_000, 700):
        tally.note_created([str(number) for number in range(start, start + 700)])
    for row in range(150):
        tally.refuse(row, ("title", "missing"), ("state", "unknown"))
    report = tally.report()
    assert (report.created, len(report.ids)) == (3_500, MAX_IDS)
    assert report.ids == [str(number) for number in range(MAX_IDS)]
    assert (report.refused, len(report.refusals), report.refusals_omitted) == (
        150,
        MAX_REFUSALS,
        200,
    )


def test_refusals_are_in_the_order_of_rows() -> None:
    tally = Tally()
    tally.refuse(7, (None, "broken"))
    tally.refuse(3, ("title", "missing"))
    assert [each.row for each in tally.report().refusals] == [3, 7]


def test_nothing_omitted_where_all_is_named() -> None:
    tally = Tally()
    tally.refuse(2, (None, "broken"))
    assert tally.report().refusals_omitted == 0
