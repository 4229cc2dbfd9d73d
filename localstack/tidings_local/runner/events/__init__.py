"""Asynchronous invocations, kept in a journal until they are finished."""
