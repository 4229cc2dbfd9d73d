"""POST /api/v1/monitoring/persons/find: a person, and why messages reach the person or not.

The address or the number is in the body, because paths and queries are logged on their way.
"""

from tidings.monitoring.persons.operations import find_person
from tidings.platform.entry.rest import rest

handler = rest(find_person)
