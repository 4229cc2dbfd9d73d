"""Asynchronous invocations: kept in a journal until their function has had them."""
