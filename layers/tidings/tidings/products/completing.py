"""Complete products stored by earlier versions, which lists or searches do not find.

Products of the first version have no state, keys and words; later ones have keys in an older form.
"""

from typing import Final

from tidings.platform.logging import logger
from tidings.platform.storage import former_indexes
from tidings.platform.text.search_keys import KEYS_VERSION
from tidings.products import product_cache
from tidings.products.catalogue import prepare
from tidings.products.fields import ProductState
from tidings.products.models import Product

COMPLETED: Final = (
    *("state", "version", "updated_at"),
    *("price_key", "title_key", "words", "price_groups", "keys_version"),
)
OLDER: Final = (None, *range(1, KEYS_VERSION))
# The rest waits for the next call, because this runs before an import, within its time.
COMPLETED_AT_ONCE: Final = 1_000
# Of earlier releases; the ones on groups of prices replace it.
FORMER_INDEXES: Final = frozenset({"state_1_currency_1_price_1"})


def complete_products() -> int:
    """Add missing fields to products, and compute keys in an older form again.

    Products without a state were all on sale. An index that only earlier releases used is dropped.
    """
    former_indexes.drop(Product._get_collection(), FORMER_INDEXES)
    count = 0
    for product in Product.objects(keys_version__in=OLDER).limit(COMPLETED_AT_ONCE):
        product.state = product.state or ProductState.ACTIVE.value
        values = {f"set__{name}": getattr(prepare(product), name) for name in COMPLETED}
        # A concurrent change has computed the keys itself.
        unchanged = Product.objects(pk=product.id, keys_version__in=OLDER)
        count += unchanged.update_one(**values)
    if count:
        product_cache.forget_pages()
        logger.info("products of earlier versions completed", count=count)
    return count
