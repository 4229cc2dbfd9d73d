"""ANY /console and /console/{proxy+}: the operators' console, pages for a browser."""

from tidings.platform.entry.http import http_handler
from web.serving import apologize, serve

handler = http_handler(serve, refused=apologize)(serve)
