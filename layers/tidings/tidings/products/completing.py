"""Products of the first version, which had no state, keys and words: no list shows them."""

from typing import Final

from tidings.platform.clock import now
from tidings.platform.logging import logger
from tidings.products import shelf
from tidings.products.catalogue import prepare
from tidings.products.fields import ProductState
from tidings.products.models import Product

COMPLETED: Final = ("state", "version", "price_key", "title_key", "words")


def complete_products() -> int:
    """Put what is missing into products without a state; they were all on sale. Does it once."""
    count = 0
    for product in Product.objects(state=None):
        product.state = ProductState.ACTIVE.value
        values = {f"set__{name}": getattr(prepare(product), name) for name in COMPLETED}
        unfinished = Product.objects(pk=product.id, state=None)
        count += unfinished.update_one(**values, set__updated_at=now())
    if count:
        shelf.forget_pages()
        logger.info("products completed", count=count)
    return count
