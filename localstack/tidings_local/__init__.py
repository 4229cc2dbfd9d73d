"""Tidings on a laptop: the Lambda host, the LocalStack plugins, the bridge, the launcher."""
