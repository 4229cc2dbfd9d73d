"""What can be done with products."""

from mongoengine import NotUniqueError

from tidings.platform.logging import logger
from tidings.products.errors import SkuTaken
from tidings.products.models import Product
from tidings.products.queries import view_of
from tidings.products.schemas import CreateProduct, ProductView


def create_product(new: CreateProduct) -> ProductView:
    """Add a product to the catalogue.

    Raises:
        SkuTaken: another product has this SKU.
    """
    product = Product(
        sku=new.sku,
        title=new.title,
        description=new.description,
        price=new.price.amount,
        currency=new.price.currency,
        stock=new.stock,
    )
    try:
        product.save(force_insert=True)
    except NotUniqueError:
        raise SkuTaken(new.sku) from None
    logger.info("product created", product_id=product.id, sku=product.sku)
    return view_of(product)
