"""The process that runs functions, for the front door, LocalStack and the bridge."""
