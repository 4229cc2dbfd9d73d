# ruff: noqa: RUF001 (names are written in every script)
"""Names of people are accepted, and texts that mail programs turn into links are refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.unit.notifications.builders import a_contact
from tidings.users.errors import UnusableName
from tidings.users.person_names import is_plain
from tidings.users.schemas import PersonName

NAMES = """
O'Brien; O’Brien; ʻOkina; d'Artagnan; Abu'l-Fazl; María-José; Mª José; Jean-Luc; St. John; Ø; Ng
Martin Luther King, Jr.; Sammy Davis Jr; Bob Jr.; Dr. h.c. X; Ph.D. Ann; M. Sc. Anna; A. B.
Dr. med. Eva Groß; Prof. Dr.-Ing. K. Müller; Ludwig II. von Bayern; Louis XIV; John Smith 3rd
J. R. R. Tolkien; J.R.R. Tolkien; E. T. A. Hoffmann; van der Berg; Ana (Anita) López; Ann & Bob
Björk Guðmundsdóttir; Þór; Ümit Özdağ; Łukasz; Ó hUiginn; Mac Giolla Phádraig; Nguyễn Văn A
Tāne; Gal·la; Xóõ !Xun; Ирина Петрова; محمد بن سلمان; יוסי כהן; 李小龙; 卡尔·马克思; さくら
ヨアヒム・フォン; 김철수; क. ख. गुप्ता; अमित कुमार; நித்யா; สมชาย; Raj A/L Kumar; Siti binti Ahmad
X Æ A-12; R2-D2; Ada 🌸; 🙂; Grete <b>; Customer
Pablo Diego José Francisco de Paula Juan Nepomuceno María de los Remedios Cipriano de la Trinidad
"""
LINKS = """
URGENT: sign in at https://evil.example/login; Hello http://x; HTTPS://X; http:/x; hxxps://evil
mailto:x; tel:1; javascript:alert(1); //evil; \\\\host\\share; Sign in: now; a@b; a＠b
https：／／evil
evil.com; EVIL.COM/login; see evil.co now; (evil.io); evil.com.; t.co; x.y.zz; foo .com bar.org
www.evil; WWW.EVIL; Ada <ada@example.com>; xn--80ak6aa92e.com; пример.рф; 例え.テスト
192.0.2.1; １.２.３.４; 10.0; ｅｖｉｌ．ｃｏｍ; evil。com; evil｡com; evil․com
192。0。2。1; ☃.net; 💩.la; evil-.com; हिन्दी.कॉम; example.भारत; சிங்கப்பூர்.com
evil\u0338.com; evil.c\u0332om; evil.\ufe0fcom; e\u034fvil\u034f.\u034fcom
e\u200bvil.c\u200bom; evil.\u2060com; call +49 170 1234567; ０８００１２３４５６７; ١٢٣٤٥٦٧
"""


def each_of(texts: str) -> list[str]:
    return re.split(r"; |\n", texts.strip())


TAKEN = TypeAdapter(PersonName)


@pytest.mark.parametrize("name", each_of(NAMES))
def test_name_of_a_person_is_kept_unchanged(name: str) -> None:
    assert TAKEN.validate_python(name) == name
    assert is_plain(name)


@pytest.mark.parametrize("text", each_of(LINKS))
def test_text_that_mail_programs_turn_into_a_link_is_refused(text: str) -> None:
    assert not is_plain(text)
    with pytest.raises(UnusableName) as refused:
        TAKEN.validate_python(text)
    assert refused.value.field == "name"
    assert text not in refused.value.message


@given(st.text(max_size=20), st.sampled_from(["https://", "www.", "a.com", "a@b.de"]))
def test_link_is_found_anywhere_in_a_name(around: str, link: str) -> None:
    assert not is_plain(f"{around} {link} {around}")


@pytest.mark.parametrize(
    ("name", "verified", "greeted"),
    [("Ada", True, "Ada"), ("Ada", False, None), ("evil.com", True, None)],
)
def test_mail_greets_only_by_a_verified_and_plain_name(
    name: str, verified: bool, greeted: str | None
) -> None:
    assert a_contact(verified=verified).model_copy(update={"name": name}).known_name == greeted
