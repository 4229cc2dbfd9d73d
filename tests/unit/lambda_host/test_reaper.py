from tidings_local.lambda_host.reaper import groups_left


def test_groups_still_listed_are_returned() -> None:
    assert groups_left(["+10\n", "+11\n", "-10\n", "+12\n"]) == {11, 12}


def test_removing_an_unlisted_group_is_ignored() -> None:
    assert groups_left(["-10\n"]) == set()
