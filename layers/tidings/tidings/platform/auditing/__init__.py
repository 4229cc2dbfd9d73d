"""The audit trail: what operators, administrators, services and commands did, and when."""
