"""The process that runs functions: called by the front door, by LocalStack and by the bridge."""
