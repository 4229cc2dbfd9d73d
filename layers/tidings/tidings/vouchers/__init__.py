"""Vouchers: codes that orders honour."""
