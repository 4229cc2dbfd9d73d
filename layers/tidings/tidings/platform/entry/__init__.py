"""The decorators of functions: endpoints, consumers, jobs, subscribers and pages."""
