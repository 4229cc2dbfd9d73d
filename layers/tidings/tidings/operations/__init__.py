"""What operators need: health, and the relay of what crashes left behind."""
