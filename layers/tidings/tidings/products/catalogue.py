"""How the catalogue is sorted and searched: what is kept of a product for that."""

import re
import unicodedata
from typing import Any, Final

from tidings.platform.auth import Principal, Role
from tidings.products.errors import StateNotShown
from tidings.products.fields import ProductSort, ProductState
from tidings.products.models import Product
from tidings.products.schemas import ProductFilter

MAX_WORDS: Final = 50
MAX_WORD_CHARACTERS: Final = 40
MAX_SEARCHED_WORDS: Final = 8
# A cursor is made of the key, and has 200 characters.
MAX_TITLE_KEY_BYTES: Final = 90

ORDERS: Final = {
    ProductSort.NEWEST: "-pk",
    ProductSort.PRICE_ASC: "price_key",
    ProductSort.PRICE_DESC: "-price_key",
    ProductSort.TITLE: "title_key",
}


def prepare(product: Product) -> Product:
    """Write into a product what it is sorted by and found by. Each key is unique by the id."""
    product.price_key = f"{product.currency}:{product.price:012d}:{product.id}"
    title = folded(product.title).encode()[:MAX_TITLE_KEY_BYTES].decode(errors="ignore")
    product.title_key = f"{title}:{product.id}"
    product.words = _words_of(product)
    return product


def folded(text: str) -> str:
    """Return a text without case and accents: Café and cafe are one word."""
    # Twice: what a compatibility form such as ㋌ stands for may have case again (Unicode
    # Standard 3.13, "compatibility caseless matching").
    decomposed = text
    for _ in range(2):
        decomposed = unicodedata.normalize("NFKD", decomposed.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))


def words_in(text: str) -> list[str]:
    """Return the words of a text as they are compared, each once, in their order."""
    found = re.findall(r"\w+", folded(text))
    return list(dict.fromkeys(word[:MAX_WORD_CHARACTERS] for word in found))


def _words_of(product: Product) -> list[str]:
    texts = [product.title, product.sku, *product.categories, *product.attributes.values()]
    # The SKU also whole: words end at dashes and dots.
    words = [folded(product.sku), *words_in(" ".join([*texts, product.description]))]
    return list(dict.fromkeys(words))[:MAX_WORDS]


def sees_all(caller: Principal | None) -> bool:
    """Say whether a caller sees drafts and retired products, too."""
    return caller is not None and caller.role.includes(Role.OPERATOR)


def matching(wanted: ProductFilter, caller: Principal | None) -> Any:
    """Return the query for what is wanted, of what the caller may see.

    Raises:
        StateNotShown: a customer or stranger asks for other than active products.
    """
    if wanted.state not in (None, ProductState.ACTIVE) and not sees_all(caller):
        raise StateNotShown
    terms = {
        "categories": wanted.category,
        "currency": wanted.currency,
        "price__gte": wanted.min_price,
        "price__lte": wanted.max_price,
    }
    given = {name: value for name, value in terms.items() if value is not None}
    found = Product.objects(**_states(wanted.state, caller), **given)
    if wanted.in_stock is not None:
        found = found.filter(**{"stock__gt" if wanted.in_stock else "stock": 0})
    words = words_in(wanted.search or "")[:MAX_SEARCHED_WORDS]
    return found.filter(__raw__=_beginning_with(words)) if words else found


def _states(state: ProductState | None, caller: Principal | None) -> dict[str, Any]:
    if state is None and sees_all(caller):
        return {"state__in": [each.value for each in ProductState]}
    return {"state": (state or ProductState.ACTIVE).value}


def _beginning_with(words: list[str]) -> dict[str, Any]:
    """Each word begins one of the product's; an anchored expression is served by the index."""
    terms = [{"words": {"$regex": f"^{re.escape(word)}"}} for word in words]
    return terms[0] if len(terms) == 1 else {"$and": terms}
