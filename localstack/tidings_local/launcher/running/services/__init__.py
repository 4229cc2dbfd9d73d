"""What a stack consists of: for each service how it is started and how one knows it is ready."""
